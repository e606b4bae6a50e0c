//! The night as one page that stands by itself: no script, no font, no image
//! and no style from anywhere else. It is made from the [`Demo`] alone, and
//! every text that came from outside is escaped.

mod chat;
pub(crate) mod escape;
mod evidence;
mod picture;
mod plot;

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::demo::{Demo, Incident, Line, Mark, Posted, Scene};
use chat::{chat, opening};
use escape::escaped;

const STYLE: &str = include_str!("page.css");
/// A crescent, for the page's head and as the sender's picture.
const MOON: &str = "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M20 14.5A8.5 8.5 0 0 1 9.5 4 \
                    8.5 8.5 0 1 0 20 14.5Z\"/></svg>";

/// The whole page.
pub fn page(demo: &Demo) -> String {
    let mut html = String::with_capacity(200_000);
    let day = demo.scenes.first().and_then(|scene| scene.lines.first()).map(|line| line.at);
    let day = day.map_or_else(String::new, |at| at.strftime("%A, %-d %B %Y").to_string());
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>A night with Nightshift</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<header class=\"top\">\n<div class=\"moon\">{MOON}</div>\n\
         <div><h1>A night with Nightshift</h1>\n<p>{day}, on a simulated account. Seed {}, build {}. \
         All times are UTC.</p></div>\n</header>\n<main>\n",
        demo.seed,
        escaped(&demo.build),
    );
    contents(&mut html, demo);
    for (index, scene) in demo.scenes.iter().enumerate() {
        self::scene(&mut html, scene, index + 1);
    }
    for (index, report) in demo.reports().enumerate() {
        self::report(&mut html, report, (index + 1, demo.scenes.len() + index + 1));
    }
    html.push_str(
        "</main>\n<footer><p>Made by <code>nightshift demo</code> from what <code>nightshift demo --json</code> \
         prints. The functions are the real ones; the account is simulated.</p></footer>\n</body>\n</html>\n",
    );
    html
}

/// The night at a glance: each incident with how it ended.
fn contents(html: &mut String, demo: &Demo) {
    html.push_str("<ol class=\"contents\">\n");
    for scene in &demo.scenes {
        let at = scene.incidents.first().map_or_else(String::new, |incident| minute(incident.opened_at));
        let _ = write!(
            html,
            "<li><a href=\"#{key}\"><time>{at}</time><span><b>{title}</b>",
            key = escaped(&scene.key),
            title = escaped(&scene.title),
        );
        for incident in &scene.incidents {
            let _ = write!(
                html,
                "<small class=\"{}\"><i></i>{}: {}</small>",
                mood(incident),
                escaped(&incident.service),
                escaped(&incident.ending)
            );
        }
        html.push_str("</span></a></li>\n");
    }
    for (index, (title, _, posted)) in demo.reports().enumerate() {
        let _ = writeln!(
            html,
            "<li><a href=\"#report-{}\"><time>{}</time><span><b>{}</b><small class=\"watched\"><i></i>{}</small></span></a></li>",
            index + 1,
            posted.notice.at.strftime("%a"),
            escaped(title),
            escaped(&posted.notice.headline),
        );
    }
    html.push_str("</ol>\n");
}

/// Green: healed by itself. Violet: a person was needed. Grey: only watched.
fn mood(incident: &Incident) -> &'static str {
    match incident.pages {
        0 if incident.well() => "healed",
        0 => "watched",
        _ => "woken",
    }
}

fn scene(html: &mut String, scene: &Scene, number: usize) {
    let _ = write!(
        html,
        "<section class=\"scene\" id=\"{}\">\n<p class=\"number\">{number}</p>\n<h2>{}</h2>\n<p class=\"story\">{}</p>\n",
        escaped(&scene.key),
        escaped(&scene.title),
        escaped(&scene.story)
    );
    for incident in &scene.incidents {
        self::incident(html, incident);
    }
    html.push_str("<details class=\"lines\"><summary>Everything that happened, line by line</summary>\n<table>\n");
    for line in &scene.lines {
        self::line(html, line);
    }
    html.push_str("</table>\n</details>\n</section>\n");
}

/// A report, as Slack shows it.
fn report(html: &mut String, (title, story, posted): (&str, &str, &Posted), (place, number): (usize, usize)) {
    let _ = write!(
        html,
        "<section class=\"scene\" id=\"report-{place}\">\n<p class=\"number\">{number}</p>\n<h2>{}</h2>\n\
         <p class=\"story\">{}</p>\n",
        escaped(title),
        escaped(story),
    );
    html.push_str("<article class=\"incident\">\n");
    chat(html, std::slice::from_ref(posted));
    html.push_str("</article>\n</section>\n");
}

fn incident(html: &mut String, incident: &Incident) {
    let _ = write!(
        html,
        "<article class=\"incident\">\n<div class=\"head\"><h3>{service}</h3><p class=\"ending {mood}\"><i></i>{ending}</p></div>\n\
         <p class=\"facts\"><span>{severity}: {because}</span><span>mode <b>{mode}</b></span><span>incident <code>{id}</code></span></p>\n",
        service = escaped(&incident.service),
        mood = mood(incident),
        ending = escaped(&incident.ending),
        severity = escaped(&incident.severity),
        because = escaped(&incident.severity_because),
        mode = escaped(&incident.mode),
        id = escaped(&incident.id),
    );
    if let Some(chart) = &incident.chart {
        html.push_str("<figure>");
        html.push_str(&picture::picture(chart, &incident.service));
        html.push_str("</figure>\n");
    }
    html.push_str("<div class=\"columns\">\n<div>\n");
    decision(html, incident);
    if let Some(diagnosis) = &incident.diagnosis {
        evidence::evidence(html, diagnosis);
    }
    // What came first is what counts of an image; of an incident, how it ended.
    let came = incident.notices.first().filter(|_| incident.image && incident.notices.len() > 1);
    if let Some(first) = came {
        opening(html, first);
    }
    html.push_str("</div>\n<div>\n");
    chat(html, &incident.notices);
    html.push_str("</div>\n</div>\n</article>\n");
}

/// What was done or not, and by which rule.
fn decision(html: &mut String, incident: &Incident) {
    if let Some(remedy) = &incident.remedy {
        let _ = writeln!(html, "<p class=\"decision did\"><b>Remedy</b>{}</p>", escaped(remedy));
    }
    if let Some(refused) = &incident.refusal {
        let would = incident.would.as_ref().map_or_else(String::new, |would| format!(" It would {}.", escaped(would)));
        let _ = writeln!(
            html,
            "<p class=\"decision refused\"><b>No remedy: <code>{}</code></b>{}{would}</p>",
            escaped(&refused.name),
            escaped(&capital(&refused.sentence)),
        );
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn line(html: &mut String, line: &Line) {
    let _ = write!(
        html,
        "<tr class=\"{}\"><td><time>{}</time></td><td>{}</td><td>",
        class(line.mark),
        line.at.strftime("%H:%M:%S"),
        word(line.mark),
    );
    if let Some(until) = line.until {
        let _ = write!(html, "until {}, ", until.strftime("%H:%M:%S"));
    }
    html.push_str(&escaped(&line.text));
    for detail in &line.details {
        let _ = write!(html, "<small>{}</small>", escaped(detail));
    }
    html.push_str("</td></tr>\n");
}

/// The class that gives a kind of thing its colour, in tables and pictures.
fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Alarm | Mark::Finding | Mark::Failed => "red",
        Mark::Cause | Mark::Refused | Mark::Quarantined => "amber",
        Mark::Remedy => "blue",
        Mark::Healed | Mark::Clear => "green",
        Mark::Paged | Mark::Person => "violet",
        Mark::Release => "ink",
        Mark::Told | Mark::Check | Mark::Nothing => "dim",
    }
}

fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Release => "release",
        Mark::Alarm => "alarm",
        Mark::Cause => "cause",
        Mark::Remedy => "remedy",
        Mark::Refused => "no remedy",
        Mark::Finding => "finding",
        Mark::Quarantined => "quarantine",
        Mark::Told => "Slack",
        Mark::Paged => "pager",
        Mark::Check => "check",
        Mark::Clear => "clear",
        Mark::Healed => "over",
        Mark::Nothing => "nothing",
        Mark::Person => "person",
        Mark::Failed => "failed",
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}
