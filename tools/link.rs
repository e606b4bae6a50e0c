//! How every function is linked.
//!
//! Where in memory a program lies is settled when it is linked, not when it starts: a
//! function is started for a cold event, and would first have some forty thousand
//! addresses to correct, a megabyte of its file that says which, and another that it
//! writes to and so shares with nothing.

fn main() {
    println!("cargo::rerun-if-changed=../../tools/link.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
