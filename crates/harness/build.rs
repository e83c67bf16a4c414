//! Tells cargo that a new scenario or catalogue row is a change: the files are embedded.

fn main() {
    println!("cargo:rerun-if-changed=../../features");
    println!("cargo:rerun-if-changed=catalogue");
}
