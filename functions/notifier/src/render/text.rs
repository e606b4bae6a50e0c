//! Untrusted text made harmless and short.

/// One line without what could change the meaning of its surroundings:
/// control characters and line breaks become spaces, marks that turn the
/// direction of writing go, and backticks, which open code, become `ʼ`.
pub fn clean(text: &str) -> String {
    harmless(text).collect()
}

/// Lazy, because a log line may be endless and only its beginning is shown.
fn harmless(text: &str) -> impl Iterator<Item = char> {
    let harmless = |c: char| match c {
        '`' => Some('ʼ'),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        c if c.is_control() => Some(' '),
        '\u{2028}' | '\u{2029}' => Some(' '),
        c => Some(c),
    };
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control()).chars().filter_map(harmless)
}

/// At most `limit` characters, the last one `…` if something was cut.
pub fn cut(text: &str, limit: usize) -> String {
    shortened(text.chars().map(|c| (c, None)), limit)
}

/// Clean, escaped as Slack wants it (`&`, `<` and `>`, nothing else), and at
/// most `limit` characters long after escaping; no escape is cut in two.
pub fn escaped(text: &str, limit: usize) -> String {
    let escape = |c: char| match c {
        '&' => (c, Some("&amp;")),
        '<' => (c, Some("&lt;")),
        '>' => (c, Some("&gt;")),
        c => (c, None),
    };
    shortened(harmless(text).map(escape), limit)
}

fn shortened(pieces: impl Iterator<Item = (char, Option<&'static str>)>, limit: usize) -> String {
    let (mut out, mut length, mut room_for_mark) = (String::new(), 0, 0);
    for (plain, escape) in pieces {
        length += escape.map_or(1, str::len);
        if length > limit {
            out.truncate(room_for_mark);
            out.push('…');
            return out;
        }
        match escape {
            Some(escape) => out.push_str(escape),
            None => out.push(plain),
        }
        if length < limit {
            room_for_mark = out.len();
        }
    }
    out
}

/// Lines under a title, as many as fit into `limit` characters; the last line
/// says how many were left out. Nothing if there are no lines.
pub fn listed(title: &str, lines: &[String], limit: usize) -> Option<String> {
    const LEFT_OUT: usize = 40;
    if lines.is_empty() {
        return None;
    }
    let mut out = title.to_owned();
    let mut length = title.chars().count();
    for (at, line) in lines.iter().enumerate() {
        length += 1 + line.chars().count();
        if length + LEFT_OUT > limit {
            out.push_str(&format!("\n… and {} more", lines.len() - at));
            return Some(out);
        }
        out.push('\n');
        out.push_str(line);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, limit: usize, expect: &str) {
        assert_eq!(escaped(text, limit), expect);
    }

    #[test]
    fn what_slack_would_read_as_a_command_is_text() {
        check("<!channel> & <@U1>", 99, "&lt;!channel&gt; &amp; &lt;@U1&gt;");
        check("&lt;", 99, "&amp;lt;");
        check("`rm -rf`\nnow\u{0}", 99, "ʼrm -rfʼ now");
        check("gnp.\u{202e}exe", 99, "gnp.exe");
        check("مرحبا 👩‍🚒", 99, "مرحبا 👩‍🚒");
    }

    #[test]
    fn a_cut_falls_between_characters_and_never_inside_an_escape() {
        check("abcdef", 6, "abcdef");
        check("abcdefg", 6, "abcde…");
        check("abc<<", 7, "abc…");
        check("abc<<", 8, "abc&lt;…");
        check("🔥🔥🔥🔥", 3, "🔥🔥…");
    }

    #[test]
    fn a_list_says_what_it_leaves_out() {
        let lines: Vec<String> = (1..=9).map(|n| format!("line {n}")).collect();
        assert_eq!(listed("*Why*", &lines, 60).as_deref(), Some("*Why*\nline 1\nline 2\n… and 7 more"));
        assert_eq!(listed("*Why*", &[], 60), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn escaped_text_keeps_its_limit_and_holds_no_control_character(text in any::<String>(), limit in 1usize..80) {
            let out = escaped(&text, limit);
            prop_assert!(out.chars().count() <= limit);
            prop_assert!(!out.contains(['<', '>', '`', '\n']));
            for (at, _) in out.match_indices('&') {
                let rest = &out[at..];
                prop_assert!(["&amp;", "&lt;", "&gt;"].iter().any(|escape| rest.starts_with(escape)), "{}", out);
            }
        }
    }
}
