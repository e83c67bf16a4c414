//! The control API over the wire, and through it the walk of a request through the chassis.

mod bench;
mod calls;
mod description;
mod faults;
mod gate;
mod memory;
mod observed;
mod page;
mod proxies;
mod refusals;
mod seeds;
mod shutdown;
mod state;
mod stream;
mod verdicts;
mod walk;
mod wrong_types;
