//! Log lines that people are shown must not carry secrets.

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
    let mut words: Vec<String> = Vec::new();
    let mut hide_next = false;
    for word in line.split(' ') {
        let lower = word.to_lowercase();
        let announced = hide_next && !word.is_empty();
        // `Authorization: Bearer x`: the scheme is not the secret.
        if announced && !announces(&lower) && !separates(&lower) {
            hide_next = false;
            words.push(HIDDEN.to_owned());
            continue;
        }
        hide_next = announced || announces(&lower) || (hide_next && word.is_empty());
        let named = NAMES.iter().any(|name| lower.contains(name));
        words.push(match word.find(['=', ':']) {
            Some(end) if named && end + 1 < word.len() => format!("{}{HIDDEN}", &word[..=end]),
            _ if named => word.to_owned(),
            _ => hide_tokens(&without_user(word)),
        });
    }
    cut(&words.join(" "))
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

/// `scheme://user:password@host` without the user.
fn without_user(word: &str) -> String {
    match word.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('@') {
            Some((user, host)) if !user.contains('/') => format!("{scheme}://{HIDDEN}@{host}"),
            _ => word.to_owned(),
        },
        None => word.to_owned(),
    }
}

fn hide_tokens(word: &str) -> String {
    let mut shown = String::new();
    let mut run = String::new();
    let part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '_' | '-' | '=');
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

/// Words have no digits, and names with digits are short.
fn or_hidden(run: &str) -> String {
    let digits = run.chars().any(|letter| letter.is_ascii_digit());
    if digits && run.len() >= LONG_TOKEN { HIDDEN.to_owned() } else { run.to_owned() }
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
        check("key AKIAIOSFODNN7EXAMPLE12345 is invalid", "key [hidden] is invalid");
        check("request 0b6a4c1e9d2f4a7c8e5b3d1f0a9c8b7e failed", "request [hidden] failed");
        check("at com.example.VeryLongClassNameWithoutDigits.run", "at com.example.VeryLongClassNameWithoutDigits.run");
        assert_eq!(redact(&"ü".repeat(1000)).chars().count(), LINE + 1);
    }

    proptest::proptest! {
        #[test]
        fn a_named_value_never_survives(value in "[a-z0-9]{6,30}", before in "[a-z ]{0,20}") {
            for line in [format!("{before} password={value}"), format!("{before} secret: {value}")] {
                proptest::prop_assume!(!before.contains(&value) && !announces(&value));
                proptest::prop_assert!(!redact(&line).contains(&value), "{}", redact(&line));
            }
        }
    }
}
