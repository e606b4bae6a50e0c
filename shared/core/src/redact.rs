//! Foreign text that people are shown, log lines and what is wrong with an event,
//! must not carry secrets.

/// Characters of a line that are shown.
const LINE: usize = 300;
/// A run of letters and digits this long is a key, a token or a hash.
const LONG_TOKEN: usize = 24;
/// What stands in a secret's place.
const HIDDEN: &str = "[hidden]";
/// What follows one of these, up to the next white space, is hidden.
const NAMES: [&str; 12] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "authorization",
    "bearer",
    "credential",
    "private",
];

/// The line without what looks like a secret: values of telling names, user and
/// password in URLs, and long tokens. It hides too much rather than too little.
pub fn redact(line: &str) -> String {
    let mut shown = String::new();
    let mut hide_next = false;
    for piece in line.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        shown.push_str(&redacted(word, &mut hide_next));
        shown.push_str(&piece[word.len()..]);
    }
    cut(&shown)
}

/// One word; `hide_next`: a name before it announced it, and it may announce
/// the next.
fn redacted(word: &str, hide_next: &mut bool) -> String {
    if word.is_empty() {
        return String::new();
    }
    let lower = word.to_lowercase();
    let announced = *hide_next;
    // `Authorization: Bearer x`: the scheme is not the secret.
    if announced && !announces(&lower) && !separates(&lower) {
        *hide_next = false;
        return HIDDEN.to_owned();
    }
    *hide_next = announced || announces(&lower);
    let named = NAMES.iter().any(|name| lower.contains(name));
    match word.find(['=', ':']) {
        Some(end) if named && end + 1 < word.len() => format!("{}{HIDDEN}", &word[..=end]),
        _ if named => word.to_owned(),
        _ => hide_tokens(&without_users(word)),
    }
}

/// Its value follows: the word ends with a telling name, with or without what
/// stands between name and value.
fn announces(lower: &str) -> bool {
    let bare = lower.trim_end_matches(['=', ':', '"', '\'']);
    bare == "basic" || NAMES.iter().any(|name| bare.ends_with(name))
}

/// It stands alone between a name and its value.
fn separates(word: &str) -> bool {
    matches!(word, "=" | ":" | "=>" | ":=")
}

/// `scheme://user:password@host` without the user, in every URL of the word. A
/// password may hold any letter: all up to the last `@` is hidden.
fn without_users(word: &str) -> String {
    let mut parts = word.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("://");
        match part.rsplit_once('@') {
            Some((_, host)) => shown.push_str(&format!("{HIDDEN}@{host}")),
            None => shown.push_str(part),
        }
    }
    shown
}

fn hide_tokens(word: &str) -> String {
    let mut shown = String::new();
    let mut run = String::new();
    let part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '_' | '-' | '=');
    for letter in word.chars() {
        if part(letter) {
            run.push(letter);
        } else {
            shown.push_str(&or_hidden(&run));
            run.clear();
            shown.push(letter);
        }
    }
    shown.push_str(&or_hidden(&run));
    shown
}

/// Words have no digits, and names with digits are short. Base64 holds slashes
/// as paths do, and letters of both cases.
fn or_hidden(run: &str) -> String {
    let long = |text: &str| text.len() >= LONG_TOKEN && text.chars().any(|letter| letter.is_ascii_digit());
    let both =
        run.chars().any(|letter| letter.is_ascii_uppercase()) && run.chars().any(|letter| letter.is_ascii_lowercase());
    if long(run) && both {
        return HIDDEN.to_owned();
    }
    let parts = run.split('/').map(|part| if long(part) { HIDDEN } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        assert_eq!(redact(line), expect);
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden_and_the_rest_stays() {
        check("panicked at src/main.rs:12: connection refused", "panicked at src/main.rs:12: connection refused");
        check("DB_PASSWORD=hunter2 failed", "DB_PASSWORD=[hidden] failed");
        check("password: hunter2", "password: [hidden]");
        check("pwd password=hunter2", "pwd [hidden]");
        check("x=1;password: hunter2", "x=[hidden] [hidden]");
        check("secret = hunter2", "secret = [hidden]");
        check("count = 5", "count = 5");
        check("Authorization: Bearer abc.def", "Authorization: Bearer [hidden]");
        check("{\"token\":\"abc\"}", "{\"token\":[hidden]");
        check("postgres://app:hunter2@db:5432/app refused", "postgres://[hidden]@db:5432/app refused");
        check("amqp://u:p@h1,amqp://u:p2@h2 down", "amqp://[hidden]@h1,amqp://[hidden]@h2 down");
        check("postgres://u:p@ss/w@db/app refused", "postgres://[hidden]@db/app refused");
        check("signed with wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "signed with [hidden]");
        check("in /usr/local/lib/python3.11/site-packages/web", "in /usr/local/lib/python3.11/site-packages/web");
        check("read /tmp/0b6a4c1e9d2f4a7c8e5b3d1f0a9c8b7e", "read /tmp/[hidden]");
        check("password\thunter2\u{a0}ok", "password\t[hidden]\u{a0}ok");
        check("key AKIAIOSFODNN7EXAMPLE12345 is invalid", "key [hidden] is invalid");
        check("request 0b6a4c1e9d2f4a7c8e5b3d1f0a9c8b7e failed", "request [hidden] failed");
        check("at com.example.VeryLongClassNameWithoutDigits.run", "at com.example.VeryLongClassNameWithoutDigits.run");
        assert_eq!(redact(&"ü".repeat(1000)).chars().count(), LINE + 1);
    }

    proptest::proptest! {
        #[test]
        fn a_named_value_never_survives(value in "[a-z0-9]{6,30}", before in "[a-z ]{0,20}") {
            let lines = [
                format!("{before} password={value}"),
                format!("{before} secret: {value}"),
                format!("{before} token\t{value}"),
                format!("{before} https://me:{value}@host, https://me:{value}@other"),
            ];
            for line in lines {
                proptest::prop_assume!(!before.contains(&value) && !announces(&value));
                proptest::prop_assert!(!redact(&line).contains(&value), "{}", redact(&line));
            }
        }
    }
}
