//! `docs/scenario.md` against what the parser takes.

use std::collections::BTreeSet;

use super::*;

const PAGE: &str = include_str!("../../../../docs/scenario.md");
const SERVICE: &str = "[[service]]\nname = \"web\"\n";
const RELEASE: &str = "[[service.release]]\nrevision = 1\nat = \"-3d\"\n";

/// The fields of the table that `before` ends in: the parser lists them when it
/// meets another.
#[track_caller]
fn fields(before: &str) -> BTreeSet<String> {
    let text = match before.strip_suffix('{') {
        Some(_) => format!("{before} no_such_field = 1 }}\n"),
        None => format!("{before}no_such_field = 1\n"),
    };
    let says = Scenario::parse(&text).unwrap_err().says;
    let (_, listed) = says.split_once("unknown field `no_such_field`, expected ").unwrap_or_else(|| panic!("{says}"));
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The page from that heading to the next one.
#[track_caller]
fn section(heading: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("\n{heading}")).unwrap_or_else(|| panic!("no heading {heading}"));
    rest.split("\n##").next().unwrap_or(rest)
}

/// What stands between backticks in the first cells of the section's table.
fn rows(section: &str) -> BTreeSet<String> {
    let first = section.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let names = first.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.map(|name| name.trim_matches(['[', ']']).to_owned()).collect()
}

#[track_caller]
fn check(heading: &str, tables: &[&str]) {
    let section = section(heading);
    let fields: BTreeSet<String> = tables.iter().flat_map(|before| fields(before)).collect();
    // In words, in a table, or in an inline table; arrays of tables by a heading of their own.
    let named = |field: &&String| {
        let inline = section.contains(&format!("{field} = "));
        inline || section.contains(&format!("`{field}`")) || section.contains(&format!("`[{field}]`"))
    };
    let headed = |field: &&String| PAGE.contains(&format!("[[{field}]]")) || PAGE.contains(&format!(".{field}]"));
    let silent: Vec<&String> = fields.iter().filter(|field| !named(field) && !headed(field)).collect();
    assert_eq!(silent, Vec::<&String>::new(), "{heading}: not on the page");
    let made_up: Vec<String> = rows(section).difference(&fields).cloned().collect();
    assert_eq!(made_up, Vec::<String>::new(), "{heading}: on the page alone");
}

#[test]
fn the_page_names_every_field_of_a_scenario_and_no_other() {
    check("## Top level", &[""]);
    let baseline = format!("{SERVICE}[service.baseline]\n");
    check("## `[[service]]`", &[SERVICE, &baseline, &format!("{SERVICE}scaling = {{"), &format!("{SERVICE}task = {{")]);
    let release = format!("{SERVICE}{RELEASE}");
    check("### `[[service.release]]`", &[&release, &format!("{release}crash = {{")]);
    check("### `[[service.load]]`", &[&format!("{SERVICE}{RELEASE}[[service.load]]\n")]);
    check("## `[[outage]]`", &["[[outage]]\n"]);
    check("## `[[alarm]]`", &["[[alarm]]\n"]);
    check("## `[[gap]]`", &["[[gap]]\n"]);
    check("## `[truth]`", &["[truth]\n"]);
    check("## `[[health]]`", &["[[health]]\n"]);
    check("## `[[repository]]`", &["[[repository]]\n"]);
    check("## `[[image]]`", &["[[image]]\n"]);
    check("## `[[vulnerability]]`", &["[[vulnerability]]\n"]);
    check("## `[[log_group]]`", &["[[log_group]]\n"]);
    check("## `[[load_balancer]]`", &["[[load_balancer]]\n"]);
    check("## `[[stack]]`", &["[[stack]]\n"]);
    check("## `[costs]`", &["[costs]\n"]);
    for table in ["service", "account", "tag", "charge", "jump"] {
        check(&format!("### `[[costs.{table}]]`"), &[&format!("[[costs.{table}]]\n")]);
    }
}
