//! How every function is linked.
//!
//! Where in memory a program lies is settled when it is linked, not when it starts: a
//! function is started for a cold event, and would first have some forty thousand
//! addresses to correct, a megabyte of its file that says which, and half of one that it
//! writes to for that.
#![expect(clippy::print_stdout, reason = "it is how a build script speaks to Cargo")]

fn main() {
    println!("cargo::rerun-if-changed=../../tools/link.rs");
    let target =
        |part: &str, is: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).is_ok_and(|found| found == is);
    // As Lambda is. Others, and musl, link in their own way.
    if target("OS", "linux") && target("ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
