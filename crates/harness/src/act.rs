//! What a caller can do at a vendor, as its documents show it or with one thing changed.

mod call;
pub mod cognito;
mod login;
mod multipart;
mod open;
mod twist;

pub use call::Call;
pub use login::{Content, Login};
pub use multipart::multipart;
pub use open::{Open, OpenTwist};
pub use twist::{CallTwist, LoginTwist};
