//! The client on the wire, against a vendor that is a closure.

mod calls;
mod cognito;
mod lists;
mod proxies;
mod secrets;
mod socket_ends;
mod sockets;
mod tokens;
mod vendor;
