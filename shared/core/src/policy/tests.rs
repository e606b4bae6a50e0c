//! A policy as people get it wrong, one line for each way.

use std::fmt::Write as _;

use super::*;

/// Each stands for itself: the text, and what is said about it.
const MISTAKES: &[&str] = &[
    // The wrong kind of value.
    "[confidence]\nact_at = \"90\"",
    "[confidence]\nact_at = \"90 %\"",
    "[confidence]\nact_at = 0.9",
    "[confidence]\nact_at = true",
    "[guardrails]\nremedies_per_day = [2]",
    "[verify]\nevery = 60",
    "[guardrails]\ncooldown = 1800",
    "[guardrails]\nlease = 90000",
    "[guardrails]\nlease = -1",
    "[verify]\nevery = 1.5",
    "[verify]\nevery = \"soon\"",
    "[verify]\nevery = \"1 minute\"",
    "[verify]\nevery = \"-1m\"",
    "[paging]\nobserved_services = \"yes\"",
    "[paging]\nobserved_services = 1",
    "confidence = 90",
    "[[confidence]]\nact_at = 90",
    // The right kind, and out of bounds.
    "[confidence]\nact_at = 101",
    "[confidence]\nact_at = 0",
    "[confidence]\nask_at = -1",
    "[confidence]\nscale_out_at = 300",
    "[scaling]\nstep_percent = 100",
    "[scaling]\nstep_percent = 15000",
    "[alarms]\nflapping_flips = 1",
    "[alarms]\nstale = \"0s\"",
    "[rollback]\nsoak = \"0m\"",
    "[guardrails]\nremedies_per_day = 0",
    "[guardrails]\nremedies_per_day = 99999999999999999999999999999999999999999",
    "[guardrails]\nfleet_services = 1",
    "[guardrails]\nfleet_share_percent = 101",
    "[guardrails]\nlease = \"59s\"",
    "[guardrails]\nlease = \"1h\"",
    "[verify]\nmost_checks = 0",
    // Right by itself, and wrong beside another.
    "[confidence]\nact_at = 80\nask_at = 85",
    "[confidence]\nact_at = 50",
    "[deployments]\nstuck_least = \"2h\"",
    // Keys that there are not.
    "[guardrails]\ncooldwn = \"3m\"",
    "[guardrails]\ncool-down = \"3m\"",
    "[guardrail]\ncooldown = \"3m\"",
    "[verify]\ncooldown = \"3m\"",
    "act_at = 90",
    "[slack]\ntoken = \"x\"",
    "[verify]\nsleep = \"3m\"",
    "guardrails.cooldwn = \"3m\"",
    "[verify]\n\"rest a while\" = \"3m\"",
    "[verify]\nzone = \"UTC\"\n[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"22:00\"\nto = \"06:00\"",
    // Freezes.
    "[[freeze]]\nname = \"peak\"",
    "[freeze]\nname = \"peak\"",
    "freeze = [\"peak\"]",
    "[[freeze]]\nname = \" \"\nstops = \"remedy\"\nfrom = \"22:00\"\nto = \"06:00\"",
    "[[freeze]]\nname = \"a\"\nstops = \"all\"\nfrom = \"22:00\"\nto = \"06:00\"",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"22:00\"\nto = \"22:00:00\"",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"24:00\"\nto = \"6:00\"",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"10pm\"\nto = 6",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"25:00\"\nto = 2026-11-27",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"22:00\"\nto = \"06:00\"\nzone = \"Berlin\"",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"22:00\"\nto = \"06:00\"\nzone = \"Europe/Berln\"",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"22:00\"\nto = \"06:00\"\nzone = \"Middle/Earth\"",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"22:00\"\nto = \"06:00\"\nzone = 1",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"22:00\"\nto = \"06:00\"\ndays = \"fri\"",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"22:00\"\nto = \"06:00\"\ndays = [\"Friday\", 7, \"sat\", \"sat\"]",
    "[[freeze]]\nname = \"a\"\nstops = \"deploys\"\nfrom = \"22:00\"\nto = \"06:00\"\nday = [\"fri\"]",
    // Services and teams.
    "[services]\n\"web-\" = \"web\"",
    "[services]\nweb- = \"prod//web\"",
    "[services]\n\"web \" = \"arn:aws:ecs:eu-west-1:123456789012:service/prod/web\"",
    "[services]\n\"\" = \"prod/web\"",
    "[services]\nweb = 1",
    "services = \"prod/web\"",
    "[teams]\npayments = \"payments-alerts\"",
    "[teams]\npayments = { channel = \"payments-alerts\" }",
    "[teams]\npayments = { channel = \"#Payments Alerts\" }",
    "[teams]\npayments = { channel = \"\" }",
    "[teams]\npayments = { channel = 7 }",
    "[teams.payments]\nchanel = \"#payments\"",
    // Images: rules and exceptions.
    "[costs]\ntag = \"\"",
    "[costs]\nfloor = \"10 USD\"",
    "[costs]\nmost_requests = 1",
    "[images]\ndefault_mode = \"approve\"",
    "[images]\nsettle = \"2h\"",
    "[images]\nmost_services = 0",
    "[images]\nkeep = \"yes\"",
    "[images]\ncritical_deadline = 7",
    "[images]\nrule = \"critical\"",
    "[images.rule]\nseverity = \"high\"\nthen = \"tell\"",
    "[[images.rule]]",
    "[[images.rule]]\nseverity = \"Critcal\"\nthen = \"quarantine\"",
    "[[images.rule]]\nseverity = \"untriaged\"\nthen = \"tell\"",
    "[[images.rule]]\nseverity = \"high\"\nthen = \"block\"",
    "[[images.rule]]\nseverity = \"high\"\nthen = \"tell\"\nfix = \"available\"",
    "[[images.rule]]\nseverity = \"high\"\nthen = \"tell\"\nexploit = 1",
    "[[images.rule]]\nseverity = \"high\"\nthen = \"tell\"\nolder_than = 7",
    "[[images.rule]]\nseverity = \"high\"\nthen = \"tell\"\nenvironments = \"production\"",
    "[[images.rule]]\nseverity = \"high\"\nthen = \"tell\"\nenvironments = [\"production\", 1]",
    "[[images.rule]]\nseverity = \"high\"\nthen = \"tell\"\nfixed = true",
    "[[images.exception]]\nfinding = \"CVE-2026-1\"",
    "[[images.exception]]\nfinding = \" \"\nowner = 7\nreason = \"\"\nuntil = \"soon\"",
    "[[images.exception]]\nfinding = \"CVE-2026-1\"\nowner = \"a\"\nreason = \"b\"\nuntil = 2026-12-31",
    "[[images.exception]]\nfinding = \"CVE-2026-1\"\nowner = \"a\"\nreason = \"b\"\nuntil = \"31.12.2026\"",
    "[[images.exception]]\ncve = \"CVE-2026-1\"\nowner = \"a\"\nreason = \"b\"\nuntil = \"2026-12-31\"",
    // No TOML at all.
    "[verify]\nevery = 60s",
    "[verify]\nevery =",
    "[paging]\nobserved_services = yes",
    "[verify]\nevery = \"1m",
    "[verify]\nevery \"1m\"",
    "[verify\nevery = 60",
    "[verify]\nevery = \"1m\"\nevery = \"2m\"",
    "[verify]\nevery = \"1m\"\n[verify]\nrollout = \"5m\"",
    "[[freeze]]\ndays = [\"fri\"",
];

#[test]
fn each_mistake_is_told_with_its_place_its_field_and_its_cure() {
    let mut told = String::new();
    for text in MISTAKES {
        let error = Policy::parse(text).unwrap_err();
        let _ = writeln!(told, "{}\n{}\n", text.replace('\n', " ⏎ "), error.in_file("  p.toml"));
    }
    insta::assert_snapshot!("mistakes", told);
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_text() {
    let error = Policy::parse(
        "colour = 3\n[confidence]\nact_at = 50\nask_at = 60\n\n[guardrails]\nlease = \"5s\"\ncooldown = 30m\n\
         cooldwn = \"1m\"\n[[freeze]]\nname = \"peak\"\nstops = \"remedies\"\nfrom = \"18:00\"\nto = \"18:00\"\n\
         zone = \"Berlin\"\n[teams]\npayments = { channel = \"payments\" }\n",
    );
    let error = error.unwrap_err();
    insta::assert_snapshot!("all-at-once", error.in_file("config/nightshift.toml"));
    assert!(error.mistakes.is_sorted());
}

#[test]
fn what_is_broken_hides_nothing_but_itself() {
    let fields = |text: &str| {
        let mistakes = Policy::parse(text).unwrap_err().mistakes;
        mistakes.into_iter().map(|mistake| (mistake.line, mistake.field)).collect::<Vec<_>>()
    };
    let told = |line: usize, field: &str| (line, field.to_owned());
    assert_eq!(
        fields("[verify\nevery = 60\n[guardrails]\nlease = \"5s\"\n"),
        [told(1, "verify"), told(4, "guardrails.lease")]
    );
    assert_eq!(fields("[verify]\nevery = 60s\nrollout = 3\n"), [told(2, "verify.every"), told(3, "verify.rollout")]);
}

#[test]
fn a_cure_that_is_followed_cures() {
    let mut followed = 0;
    for text in MISTAKES {
        let mistakes = Policy::parse(text).unwrap_err().mistakes;
        let [mistake] = mistakes.as_slice() else { continue };
        let mut lines: Vec<&str> = text.lines().collect();
        // Where the cure is the whole line, and not a choice that is left to people.
        let key = |line: &str| line.split_once(" = ").map(|(key, _)| key.trim_matches('"').to_owned());
        let Some((_, write)) = mistake.says.rsplit_once("; write ") else { continue };
        let theirs = [" or less", " if it lasts", "CLUSTER/"].iter().any(|words| write.contains(words));
        if theirs || key(write).is_none() || key(write) != key(lines[mistake.line - 1]) {
            continue;
        }
        lines[mistake.line - 1] = write;
        let again = Policy::parse(&lines.join("\n"));
        assert!(again.is_ok(), "{text}\nwrite {write}\n{again:?}");
        followed += 1;
    }
    assert!(followed >= 30, "only {followed} cures are lines of TOML");
}

/// Every key of the policy that has a name of ours, with its default as TOML.
fn keys() -> Vec<(String, String, String)> {
    let policy = serde_json::to_value(Policy::default()).unwrap();
    let mut keys = Vec::new();
    for (section, table) in policy.as_object().unwrap() {
        for (key, value) in table.as_object().into_iter().flatten() {
            keys.push((section.clone(), key.clone(), toml(value)));
        }
    }
    assert!(keys.len() >= 25, "{keys:?}");
    keys
}

/// A value of JSON as TOML writes it in one line.
fn toml(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Array(list) => format!("[{}]", list.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(table) => {
            let set = table.iter().filter(|(_, value)| !value.is_null());
            let pairs: Vec<String> = set.map(|(key, value)| format!("{key} = {}", toml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

/// A key whose tables have headers of their own, `[[images.rule]]`.
fn is_list(value: &str) -> bool {
    value.starts_with('[')
}

#[test]
fn every_key_is_read() {
    for (section, key, value) in keys() {
        let text = format!("[{section}]\n{key} = {value}\n");
        assert_eq!(Policy::parse(&text), Ok(Policy::default()), "{text}");
    }
}

#[test]
fn every_typing_error_in_a_key_is_told_with_the_key() {
    for (section, key, value) in keys() {
        for place in 0..key.len() {
            let typed = format!("{}{}", &key[..place], &key[place + 1..]);
            let error = Policy::parse(&format!("[{section}]\n{typed} = {value}\n")).unwrap_err();
            let [mistake] = error.mistakes.as_slice() else { panic!("{error}") };
            assert_eq!((mistake.line, mistake.column), (2, 1), "{error}");
            assert_eq!(mistake.field, format!("{section}.{typed}"), "{error}");
            assert!(mistake.says.ends_with(&format!("; write {key}")), "{error}");
        }
    }
}

#[test]
fn what_is_right_is_read() {
    let policy = Policy::parse(
        "confidence.ask_at = 0\n[alarms]\nnewborn = \"0s\"\n[[freeze]]\nname = \"weekend\"\nstops = \"deploys\"\n\
         days = [\"sat\", \"sun\"]\nfrom = \"00:00\"\nto = \"24:00\"\nzone = \"Europe/Berlin\"\n[[freeze]]\n\
         name = \"night\"\nstops = \"remedies\"\nfrom = 22:00:00\nto = \"06:00:00\"\n[services]\nweb- = \"prod/web\"\n\
         [teams]\na = { channel = \"#büro-1\" }\nb = { channel = \"C0123456789\" }\nc = {}\n",
    );
    let policy = policy.unwrap();
    assert_eq!((policy.confidence.ask_at, policy.alarms.newborn), (0, Span::seconds(0)));
    let [weekend, night] = policy.freeze.as_slice() else { panic!("{policy:?}") };
    assert_eq!((weekend.from, weekend.to, weekend.zone.as_str()), (weekend.to, weekend.from, "Europe/Berlin"));
    assert_eq!((night.from.hour(), night.to.hour(), night.zone.as_str()), (22, 6, "UTC"));
    assert_eq!(policy.services["web-"], "prod/web");
    let channels: Vec<Option<&str>> = policy.teams.values().map(|team| team.channel.as_deref()).collect();
    assert_eq!(channels, [Some("#büro-1"), Some("C0123456789"), None]);
    // Whoever adds more at once than is usual need not say so twice.
    assert_eq!(Policy::parse("scaling.step_percent = 500").unwrap().scaling.most_percent, 500);
}

#[test]
fn an_empty_policy_is_the_safe_default() {
    assert_eq!(Policy::parse(""), Ok(Policy::default()));
    assert_eq!(Policy::parse("\u{feff}# nothing\r\n"), Ok(Policy::default()));
}

#[test]
fn the_policy_that_is_shipped_spells_out_the_defaults() {
    let shipped = include_str!("../../../../config/nightshift.toml");
    assert_eq!(Policy::parse(shipped), Ok(Policy::default()));
    for (section, key, value) in keys() {
        if is_list(&value) {
            assert!(shipped.contains(&format!("[[{section}.{key}]]\n")), "{section}.{key}");
            continue;
        }
        let below = shipped.split(&format!("[{section}]\n")).nth(1).unwrap().split("\n[").next().unwrap();
        assert!(below.contains(&format!("\n{key} = ")) || below.starts_with(&format!("{key} = ")), "{section}.{key}");
    }
}

#[test]
fn a_file_that_is_no_text_is_told_with_the_place_of_the_byte() {
    let error = Policy::read(b"# caf\xc3\xa9\n# caf\xe9\n").unwrap_err();
    assert_eq!(error.to_string(), "2:6: the file: byte 0xe9 is no UTF-8; expected text; write the file as UTF-8");
    assert_eq!(Policy::read(b"# caf\xc3\xa9\n"), Ok(Policy::default()));
}

#[test]
fn the_shortest_lease_is_the_functions_timeout() {
    let template = include_str!("../../../../template.yaml");
    // These claim no remedy: what they were killed in, they see when they look again.
    let mut template = template.to_owned();
    for longer in ["\n  ImageGuard:\n", "\n  CostReporter:\n"] {
        let own = template.split_once(longer).and_then(|(_, rest)| rest.split_once("\n\n")).unwrap().0;
        template = template.replace(own, "");
    }
    let timeouts: Vec<&str> = template.lines().filter_map(|line| line.trim().strip_prefix("Timeout: ")).collect();
    let longest = timeouts.iter().map(|seconds| seconds.parse::<i64>().unwrap()).max();
    assert_eq!(longest, Some(Policy::default().guardrails.lease.as_seconds()));
    let lease = |seconds: i64| Policy::parse(&format!("[guardrails]\nlease = \"{seconds}s\"\n"));
    assert!(lease(longest.unwrap()).is_ok() && lease(longest.unwrap() - 1).is_err());
}

#[test]
fn the_document_has_every_key_with_its_default() {
    let document = include_str!("../../../../docs/policy.md");
    let (lists, plain): (Vec<_>, Vec<_>) = keys().into_iter().partition(|(_, _, value)| is_list(value));
    for (section, key, _) in lists {
        assert!(document.contains(&format!("[[{section}.{key}]]\n")), "docs/policy.md has no {section}.{key}");
    }
    for (section, key, value) in &plain {
        let row = format!("| `{section}.{key}` | `{value}` | ");
        assert!(document.contains(&row), "docs/policy.md has no row {row}");
    }
    let rows = document.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, plain.len(), "docs/policy.md has rows for keys that there are not");
    let windows: Vec<&str> =
        document.split("```toml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    let policy = Policy::parse(&windows.join("\n")).unwrap();
    assert_eq!((policy.freeze.len(), policy.services.len(), policy.teams.len()), (1, 1, 1));
    assert_eq!((policy.images.rule.len(), policy.images.exception.len()), (3, 1));
}
