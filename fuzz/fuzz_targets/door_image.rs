//! The door of `image-guard`: what is wrong with an event is told in few words.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(event) = serde_json::from_slice(text) else { return };
    if let Err(error) = image_guard::event::parse(&event) {
        assert!(!error.path.is_empty() && error.to_string().len() <= 1000);
    }
});
