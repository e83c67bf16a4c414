use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// How long the client waits for those header fields, in milliseconds; none if it gives up.
fn wait(retry: &Retry, headers: &[(&str, &str)]) -> Option<u128> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let reply = Reply {
        status: 429,
        headers: headers.iter().map(owned).collect(),
        ..Reply::default()
    };
    match throttled(&reply, 0, NOW, retry, &Random::new(1)) {
        Next::Wait(wait) => Some(wait.as_millis()),
        Next::GiveUp => None,
    }
}

#[test]
fn retry_after_is_read_in_both_forms_up_to_a_minute() {
    let honest = Retry::default();
    let date = |seconds| NOW.plus(Duration::from_secs(seconds)).http_date();
    assert_eq!(wait(&honest, &[("retry-after", "2")]), Some(2000));
    assert_eq!(wait(&honest, &[("retry-after", &date(3))]), Some(3000));
    assert_eq!(wait(&honest, &[("retry-after", "86400")]), None);
    // The date is read by the vendor's clock, whatever ours shows.
    let vendors = [("retry-after", &*date(603)), ("date", &*date(600))];
    assert_eq!(wait(&honest, &vendors), Some(3000));
    let first = wait(&honest, &[]).expect("a gap");
    assert!((1000..=1200).contains(&first), "{first}");
}

#[test]
fn gaps_grow_with_each_attempt() {
    let random = Random::new(1);
    let gaps: Vec<Duration> = (0..4).map(|attempt| gap(attempt, None, &random)).collect();
    assert!(gaps.is_sorted_by(|a, b| *b > a.mul_f64(1.5)), "{gaps:?}");
}
