//! How the console writes texts into its addresses.

/// A text in the notation of CloudWatch's fragments (JSURL): `'` before it,
/// `*` and two hex digits for what is neither letter nor digit, `**` and four
/// beyond Latin-1.
pub(super) fn text(text: &str) -> String {
    let mut out = String::from("'");
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) => out.push(char::from(byte)),
            Ok(b'$') => out.push('!'),
            Ok(byte) => out.push_str(&format!("*{byte:02x}")),
            Err(_) => out.push_str(&format!("**{unit:04x}")),
        }
    }
    out
}

/// One URL path segment, percent-encoded: names come from outside.
pub(super) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_cannot_leave_their_segment_or_their_text() {
        assert_eq!(segment("a/b?c#d e>|é"), "a%2Fb%3Fc%23d%20e%3E%7C%C3%A9");
        assert_eq!(text("a'~(b)$ü→"), "'a*27*7e*28b*29!*fc**2192");
    }
}
