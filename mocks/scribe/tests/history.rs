//! Any history of logins, refreshes, revocations and passing time leaves the tokens in the state that
//! a model of a few lines predicts.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Login,
    Refresh(usize),
    Revoke(usize),
    SignOut(usize),
    Pass(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => Just(Step::Login),
        4 => any::<usize>().prop_map(Step::Refresh),
        2 => any::<usize>().prop_map(Step::Revoke),
        1 => any::<usize>().prop_map(Step::SignOut),
        2 => prop_oneof![1u32..900, 1_000_000u32..1_500_000].prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..14)
}

/// One login as the model sees it: seconds of the model's own clock.
#[derive(Debug)]
struct Modelled {
    refresh: String,
    ends: u64,
    revoked: bool,
    access: Vec<(String, u64)>,
}

async fn play(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let server = start().await;
    // On a whole second, so that exp is exact.
    let now = locum_core::Timestamp::from_seconds(server.stage.clock.now().as_seconds() + 1);
    server
        .stage
        .clock
        .adjust(locum_server::ClockChange::set(now));
    let (mut clock, mut logins) = (0_u64, Vec::<Modelled>::new());
    for step in steps {
        match step {
            Step::Login => {
                let tokens = login(&server).await;
                logins.push(Modelled {
                    refresh: tokens.refresh,
                    ends: clock + 2_592_000,
                    revoked: false,
                    access: vec![(tokens.access, clock + 1800)],
                });
            }
            Step::Refresh(at) if !logins.is_empty() => {
                let at = at % logins.len();
                let answer = refresh(&server, &logins[at].refresh).await;
                let lives = !logins[at].revoked && clock < logins[at].ends;
                prop_assert_eq!(answer.status == 200, lives);
                if lives {
                    logins[at]
                        .access
                        .push((tokens(&answer).access, clock + 1800));
                }
            }
            Step::Revoke(at) if !logins.is_empty() => {
                let at = at % logins.len();
                prop_assert_eq!(revoke(&server, &logins[at].refresh).await.status, 200);
                logins[at].revoked = true;
            }
            Step::SignOut(at) if !logins.is_empty() => {
                let at = at % logins.len();
                let (access, ends) = logins[at].access.last().expect("a login has one").clone();
                let answer = call(&server, "GlobalSignOut", json!({ "AccessToken": access })).await;
                let lives = !logins[at].revoked && clock < ends;
                prop_assert_eq!(answer.status == 200, lives);
                if lives {
                    for login in &mut logins {
                        login.revoked = true;
                    }
                }
            }
            Step::Pass(seconds) => {
                server.advance(f64::from(seconds));
                clock += u64::from(seconds);
            }
            Step::Refresh(_) | Step::Revoke(_) | Step::SignOut(_) => {}
        }
        for (access, ends) in logins.iter().flat_map(|login| &login.access) {
            let login = logins
                .iter()
                .find(|login| login.access.iter().any(|(have, _)| have == access))
                .expect("its login");
            let lives = !login.revoked && clock < *ends;
            prop_assert_eq!(get_user(&server, access).await.status == 200, lives);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn tokens_live_as_the_model_says(steps in steps()) {
        tokio::runtime::Runtime::new().expect("a runtime").block_on(play(steps))?;
    }
}
