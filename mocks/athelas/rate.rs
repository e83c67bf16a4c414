//! "Configure appropriate permissions and rate limits": requests of an account in a window, only
//! where the setting asks for a limit.

use std::time::Duration;

use locum_core::{Denial, DenialKind};
use locum_server::{Mock, rate};

use super::State;

/// Counts a request of `account`.
///
/// # Errors
/// `rate_limit`: `{"details":"Too many requests"}`.
pub(super) fn count(mock: &Mock, account: &str) -> Result<(), Denial> {
    let limit = mock.setting_u64("rate_limit");
    let window = Duration::from_secs(mock.setting_u64("rate_window_s"));
    let admitted = mock
        .state::<State>()
        .arrivals
        .admit(account, limit, window, mock.now());
    admitted.map_err(|wait| too_many(mock, wait).expected(format!("{limit} in {window:?}")))
}

/// "wait until the rate limit resets".
fn too_many(mock: &Mock, wait: Duration) -> Denial {
    let denial = |look: &str| Denial::new(DenialKind::Limit, look);
    match mock.setting_text("rate_limit_headers").as_str() {
        "retry_after_s" => {
            denial("rate_limit_retry").param("retry_after", rate::retry_after_seconds(wait))
        }
        "retry_after_date" => denial("rate_limit_retry")
            .param("retry_after", rate::retry_after_date(mock.now(), wait)),
        _ => denial("rate_limit"),
    }
}
