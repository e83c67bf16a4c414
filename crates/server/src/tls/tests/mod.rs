//! Certificates in files, and TLS over the wire.

mod files;
mod stage_ports;
mod wire;
