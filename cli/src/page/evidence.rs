//! The diagnosis: how likely each cause is, and every piece of evidence.

use std::fmt::Write as _;

use nightshift_core::cause::{Diagnosis, Evidence, Likelihood};

use super::escape::escaped;

/// Causes shown; the others are less likely still.
const CAUSES: usize = 4;
/// Log-odds, in hundredths, that fill half of a bar.
const FULL: i32 = 450;

/// The causes as bars, then the evidence as a table.
pub(super) fn evidence(html: &mut String, diagnosis: &Diagnosis) {
    html.push_str("<h4>What the evidence adds up to</h4>\n<ul class=\"causes\">\n");
    let shown = diagnosis.ranking.iter().filter(|found| found.percent > 0).take(CAUSES);
    for (index, found) in shown.enumerate() {
        cause(html, found, index == 0);
    }
    html.push_str("</ul>\n<table class=\"evidence\">\n<tr><th>Evidence</th><th>about</th><th>log-odds</th></tr>\n");
    for piece in &diagnosis.evidence {
        self::piece(html, piece);
    }
    html.push_str("</table>\n");
}

fn cause(html: &mut String, found: &Likelihood, first: bool) {
    let class = if first { " class=\"first\"" } else { "" };
    let percent = found.percent.min(100);
    let _ = writeln!(
        html,
        "<li{class}><span>{}</span><span class=\"bar\"><i style=\"width:{percent}%\"></i></span><b>{percent} %</b></li>",
        escaped(&found.cause.to_string()),
    );
}

fn piece(html: &mut String, piece: &Evidence) {
    let width = (piece.weight.unsigned_abs().min(FULL.unsigned_abs()) * 50) / FULL.unsigned_abs();
    let (class, sign, from) = match piece.weight {
        weight if weight < 0 => ("against", "−", 50 - width),
        _ => ("for", "+", 50),
    };
    let weight = piece.weight.unsigned_abs();
    let _ = writeln!(
        html,
        "<tr><td>{says}</td><td>{cause}</td><td class=\"weight {class}\"><span>{sign}{whole}.{tenth}</span>\
         <span class=\"scale\"><i style=\"left:{from}%;width:{width}%\"></i></span></td></tr>",
        says = escaped(&piece.says),
        cause = escaped(&piece.cause.to_string()),
        whole = (weight + 5) / 100,
        tenth = (weight + 5) % 100 / 10,
    );
}
