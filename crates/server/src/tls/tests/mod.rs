//! Certificates in files, and TLS over the wire.

mod files;
mod wire;
