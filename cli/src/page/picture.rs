//! The picture of an incident: the metric and its threshold, and what
//! happened when.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::class;
use super::escape::escaped;
use super::plot::{Plot, figure, round_up, step};
use crate::demo::{Chart, Mark, Moment, Track};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 986.0;
/// Height of one row of labels above the plot.
const LANE: f64 = 22.0;
const MAIN: f64 = 210.0;
const BELOW: f64 = 40.0;
const GAP: f64 = 26.0;
/// Width of a letter, near enough to keep labels apart.
const LETTER: f64 = 6.9;

/// The picture as SVG.
pub(super) fn picture(chart: &Chart, service: &str) -> String {
    let lanes = lanes(chart);
    let rows = lanes.iter().map(|(lane, ..)| lane + 1).max().unwrap_or(0);
    let top = 14.0 + rows as f64 * LANE;
    let highest = chart.metric.points.iter().map(|point| point.value).fold(0.0, f64::max);
    // Of what is counted in whole pieces less than one would be no scale.
    let least = if chart.metric.counts || chart.metric.unit.is_empty() { 4.0 } else { 1e-3 };
    let most = round_up(highest.max(chart.threshold.unwrap_or(0.0) * 1.4).max(least) * 1.05);
    let plot = Plot { left: LEFT, right: RIGHT, top, bottom: top + MAIN, from: chart.from, to: chart.to, most };
    let end = plot.bottom + chart.below.len() as f64 * (BELOW + GAP);
    let height = end + 30.0;
    let title =
        escaped(&format!("{} of {service} from {} to {}", chart.metric.label, time(chart.from), time(chart.to)));
    let mut svg = format!(
        "<svg class=\"picture\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>\n"
    );
    for (from, to) in &chart.in_alarm {
        let (x, width) = (plot.x(*from), plot.x(*to) - plot.x(*from));
        let _ = writeln!(
            svg,
            "<rect class=\"in-alarm\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
            end - top
        );
    }
    grid(&mut svg, &plot, end);
    threshold(&mut svg, &plot, chart);
    series(&mut svg, &plot, &chart.metric, "metric");
    for (index, track) in chart.below.iter().enumerate() {
        below(&mut svg, &plot, track, plot.bottom + index as f64 * (BELOW + GAP));
    }
    // All lines first: no line may cross a label.
    for (lane, x, moment) in &lanes {
        let y = height_of(*lane);
        let class = class(moment.mark);
        let _ = writeln!(
            svg,
            "<g class=\"moment {class}\"><line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{y:.1}\" y2=\"{end:.1}\"/></g>"
        );
    }
    name(&mut svg, &chart.metric, plot.top + 17.0);
    for (index, track) in chart.below.iter().enumerate() {
        name(&mut svg, track, plot.bottom + index as f64 * (BELOW + GAP) + GAP - 6.0);
    }
    for (lane, x, moment) in &lanes {
        label(&mut svg, *lane, *x, moment);
    }
    svg.push_str("</svg>");
    svg
}

/// Each moment in the first row where its label touches no other.
fn lanes(chart: &Chart) -> Vec<(usize, f64, &Moment)> {
    let plot = Plot { left: LEFT, right: RIGHT, top: 0.0, bottom: 1.0, from: chart.from, to: chart.to, most: 1.0 };
    let mut taken: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut lanes = Vec::new();
    for moment in &chart.moments {
        let x = plot.x(moment.at);
        let width = 22.0 + moment.label.chars().count() as f64 * LETTER;
        let (from, to) = if flips(x, width) { (x - width, x + 8.0) } else { (x - 8.0, x + width) };
        let free = |row: &Vec<(f64, f64)>| row.iter().all(|(start, end)| to < *start || from > *end);
        let lane = taken.iter().position(free).unwrap_or(taken.len());
        if lane == taken.len() {
            taken.push(Vec::new());
        }
        taken[lane].push((from, to));
        lanes.push((lane, x, moment));
    }
    lanes
}

/// A label that would leave the picture stands on the other side.
fn flips(x: f64, width: f64) -> bool {
    x + width > WIDTH
}

fn grid(svg: &mut String, plot: &Plot, end: f64) {
    for part in 0..=4 {
        let value = plot.most * f64::from(part) / 4.0;
        let y = plot.y(value);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y + 4.0,
            figure(value),
        );
    }
    let step = SignedDuration::from_mins(step(plot.from, plot.to));
    let every = step.as_secs();
    let first = (plot.from.as_second() + every - 1).div_euclid(every) * every;
    let mut at = Timestamp::from_second(first).unwrap_or(plot.to);
    while at < plot.to {
        let x = plot.x(at);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            plot.top,
            end,
            end + 20.0,
            time(at),
        );
        at = at.checked_add(step).unwrap_or(plot.to);
    }
}

fn threshold(svg: &mut String, plot: &Plot, chart: &Chart) {
    let Some(threshold) = chart.threshold else { return };
    let y = plot.y(threshold);
    let _ = writeln!(
        svg,
        "<line class=\"threshold\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
         <text class=\"threshold-name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{} · threshold {}</text>",
        RIGHT - 6.0,
        y - 6.0,
        escaped(&chart.alarm),
        figure(threshold),
    );
}

fn series(svg: &mut String, plot: &Plot, track: &Track, class: &str) {
    for stretch in plot.stretches(track) {
        let mut line = String::new();
        for (index, (x, y)) in stretch.iter().enumerate() {
            let _ = write!(line, "{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
        }
        let (first, last) = (stretch[0].0, stretch[stretch.len() - 1].0);
        let bottom = plot.bottom;
        let _ = writeln!(
            svg,
            "<path class=\"{class}-area\" d=\"{line}L{last:.1} {bottom:.1}L{first:.1} {bottom:.1}Z\"/><path class=\"{class}\" d=\"{line}\"/>"
        );
    }
}

fn below(svg: &mut String, main: &Plot, track: &Track, top: f64) {
    let highest = track.points.iter().map(|point| point.value).fold(0.0, f64::max);
    let most = if track.unit == "%" { 100.0 } else { round_up(highest.max(1e-3) * 1.2) };
    let plot = Plot { top: top + GAP, bottom: top + GAP + BELOW, most, ..*main };
    series(svg, &plot, track, "track");
    let _ = writeln!(
        svg,
        "<line class=\"floor\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{bottom:.1}\" y2=\"{bottom:.1}\"/>\
         <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        LEFT - 8.0,
        plot.top + 4.0,
        figure(most),
        bottom = plot.bottom,
    );
}

fn name(svg: &mut String, track: &Track, y: f64) {
    let name = format!("{} {}", track.label, track.unit);
    let _ = writeln!(svg, "<text class=\"name\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>", LEFT + 8.0, escaped(name.trim()));
}

fn height_of(lane: usize) -> f64 {
    14.0 + lane as f64 * LANE
}

fn label(svg: &mut String, lane: usize, x: f64, moment: &Moment) {
    let y = height_of(lane);
    let width = 22.0 + moment.label.chars().count() as f64 * LETTER;
    let (side, anchor) = if flips(x, width) { (-11.0, "end") } else { (11.0, "start") };
    let _ = writeln!(
        svg,
        "<g class=\"moment {}\">{}<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text></g>",
        class(moment.mark),
        sign(moment.mark, x, y),
        x + side,
        y + 4.5,
        escaped(&moment.label),
    );
}

/// A small shape for each kind, so that colour is not the only difference.
fn sign(mark: Mark, x: f64, y: f64) -> String {
    let points = |places: &[(f64, f64)]| {
        let list: Vec<String> = places.iter().map(|(dx, dy)| format!("{:.1},{:.1}", x + dx, y + dy)).collect();
        format!("<polygon points=\"{}\"/>", list.join(" "))
    };
    match mark {
        Mark::Alarm | Mark::Finding | Mark::Failed => points(&[(0.0, -6.0), (6.0, 5.0), (-6.0, 5.0)]),
        Mark::Release => points(&[(0.0, -6.0), (6.0, 0.0), (0.0, 6.0), (-6.0, 0.0)]),
        Mark::Refused | Mark::Quarantined => points(&[(-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)]),
        _ => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5.5\"/>"),
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}
