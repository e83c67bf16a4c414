//! The chassis of a mock vendor.
//!
//! One request walks through it like this: [`listen`] accepts the connection, [`record`] keeps the
//! head as it was sent and writes the journal's entry, [`inject`] lets a fault take its place, the
//! vendor's [`Routes`] find the handler, a [`guard`] admits or denies, the vendor's code or a
//! [`grant`] acts on the [`Mock`], and the [`Reply`] leaves through [`record`] again.
//!
//! # Layout
//!
//! - [`vendor`]: what a vendor has to be; [`routes`]: its endpoints and their handlers
//! - [`mock`]: one vendor on one stage, what every handler receives
//! - [`stage`]: an isolated world; [`store`], [`principal`], [`keys`] are its parts
//! - [`stages`]: vendors and their stages; [`app`]: the listeners over them; [`config`]: how it starts
//! - [`listen`], [`record`], [`inject`], [`request`], [`reply`], [`redact`]: the way of a request
//! - [`reason`]: the visible cause of a refusal
//! - [`tls`]: certificates and their authority; [`origin`]: where absolute URLs begin
//! - [`grant`], [`guard`], [`jwt`], [`rate`], [`twin`]: what vendors have in common
//! - [`mint`], [`rotation`]: tokens made on demand, and other keys for them
//! - [`observe`]: who watches from outside; [`judge`]: who judges what passed
//! - [`memory`]: what stages may take, in bytes
//! - [`environment`]: the variables that point clients at mocks
//! - [`control`]: the control API; `page`: what shows it to people, in a browser

pub mod app;
pub mod config;
pub mod control;
pub mod environment;
pub mod grant;
pub mod guard;
pub mod inject;
pub mod judge;
pub mod jwt;
pub mod keys;
pub mod listen;
pub mod memory;
pub mod mint;
pub mod mock;
pub mod observe;
pub mod origin;
mod page;
#[cfg(test)]
mod plain;
pub mod principal;
pub mod rate;
pub mod reason;
pub mod record;
pub mod redact;
pub mod reply;
pub mod request;
pub mod rotation;
pub mod routes;
pub mod socket;
mod spelling;
pub mod stage;
pub mod stages;
pub mod store;
pub mod tls;
pub mod twin;
pub mod vendor;

pub use app::App;
pub use config::{ServerConfig, ServerError};
pub use guard::Admitted;
pub use mock::{Mock, NewToken};
pub use reply::Reply;
pub use request::{Form, Request};
pub use routes::Routes;
pub use stage::{ClockChange, Stage, StageInit};
pub use stages::Stages;
pub use twin::Twin;
pub use vendor::{Document, RoutingFailure, Vendor};
