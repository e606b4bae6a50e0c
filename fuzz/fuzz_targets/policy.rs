//! The policy's reader: every mistake has its place, and all of them fit a screen.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nightshift_core::policy::Policy;

fuzz_target!(|text: &[u8]| {
    if let Err(wrong) = Policy::read(text) {
        assert!(wrong.mistakes.iter().all(|mistake| mistake.line > 0 && mistake.column > 0));
        assert!(wrong.to_string().len() <= 20_000);
    }
});
