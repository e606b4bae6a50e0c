//! The report as a picture: bars by hand, readable on light and on dark ground.

use maud::{Markup, html};

use crate::conditions::Condition;
use crate::figures::Figures;
use crate::report::{Measured, OURS, Report};

const WIDTH: f64 = 860.0;
const COLUMN: f64 = 420.0;
const LINE: f64 = 24.0;
const HEAD: f64 = 34.0;
const GAP: f64 = 26.0;
/// Where bars begin and how long the longest is: its figure stands behind it.
const BARS_AT: f64 = 118.0;
const LONGEST: f64 = 216.0;

/// Okabe and Ito's blue and grey: told apart by whoever sees fewer colours.
const STYLE: &str = "
text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif; fill: #22293a; }
.title { font-weight: 640; } .dim { fill: #5d6577; }
.ours { fill: #0072b2; } .floor { fill: #b9bfcc; } .other { fill: #8a93a8; }
@media (prefers-color-scheme: dark) {
  text { fill: #dbe2ef; } .dim { fill: #98a2b6; }
  .ours { fill: #56b4e9; } .floor { fill: #4b566c; } .other { fill: #76829b; }
}";

/// A panel: its title, its unit, and a figure for each variant that has one.
struct Panel {
    title: String,
    unit: &'static str,
    bars: Vec<(String, f64)>,
}

/// The picture as SVG.
pub fn svg(report: &Report) -> String {
    let panels: Vec<Panel> = panels(&report.variants).into_iter().filter(|panel| !panel.bars.is_empty()).collect();
    let tallest = panels.iter().map(|panel| panel.bars.len()).max().unwrap_or_default() as f64;
    let height = HEAD + LINE * tallest + GAP;
    let rows = panels.len().div_ceil(2) as f64;
    let (all, machine) = (rows * height + 24.0, &report.machine);
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (all) } role="img" {
            title { "alarm-responder beside the same job in other hands" }
            style { (maud::PreEscaped(STYLE)) }
            @for (index, panel) in panels.iter().enumerate() {
                g transform={ "translate(" ((index % 2) as f64 * (WIDTH - COLUMN)) " " ((index / 2) as f64 * height) ")" } {
                    (drawn(panel))
                }
            }
            text.dim x="0" y=(all - 6.0) {
                (machine.processor) ", " (machine.cpus) " CPUs; medians of one run, in turns"
            }
        }
    };
    picture.into_string()
}

fn drawn(panel: &Panel) -> Markup {
    let longest = panel.bars.iter().map(|(_, figure)| *figure).fold(f64::MIN_POSITIVE, f64::max);
    html! {
        text.title x="0" y="18" { (panel.title) }
        @for (index, (name, figure)) in panel.bars.iter().enumerate() {
            @let top = HEAD + index as f64 * LINE;
            @let length = (figure / longest * LONGEST).max(1.5);
            text x=(BARS_AT - 10.0) y=(top + 12.0) text-anchor="end" { (name) }
            rect class=(class(name)) x=(BARS_AT) y=(top) width={ (format!("{length:.1}")) } height="15" rx="2" {}
            text.dim x={ (format!("{:.1}", BARS_AT + length + 8.0)) } y=(top + 12.0) { (shown(*figure)) " " (panel.unit) }
        }
    }
}

fn class(name: &str) -> &'static str {
    match name {
        OURS => "ours",
        "floor" => "floor",
        _ => "other",
    }
}

/// Three digits say enough.
fn shown(figure: f64) -> String {
    match figure {
        small if small < 10.0 => format!("{small:.2}"),
        middle if middle < 100.0 => format!("{middle:.1}"),
        large => format!("{large:.0}"),
    }
}

fn panels(variants: &[Measured]) -> Vec<Panel> {
    let of = |condition: Condition, figure: fn(&Figures) -> f64| -> Vec<(String, f64)> {
        let bar = |variant: &Measured| Some((variant.name.clone(), figure(variant.figures.get(&condition)?)));
        variants.iter().filter_map(bar).collect()
    };
    let panel = |title: String, unit, bars| Panel { title, unit, bars };
    let (full, share, latency) = (Condition::FullCpu, Condition::Share, Condition::Latency);
    let zipped = variants.iter().filter_map(|variant| Some((variant.name.clone(), variant.zipped_mb?)));
    vec![
        panel(format!("Cold start to remedy, {}", full.title()), "ms", of(full, |it| it.cold_to_remedy_ms)),
        panel(format!("Cold start to remedy, {}", share.title()), "ms", of(share, |it| it.cold_to_remedy_ms)),
        panel("A later event, from its coming to its answer".into(), "ms", of(full, |it| it.warm_p50_ms)),
        panel(
            format!("A later event to its remedy, {}", latency.title()),
            "ms",
            of(latency, |it| it.warm_to_remedy_ms),
        ),
        panel("Peak of memory".into(), "MB", of(full, |it| it.peak_rss_mb)),
        panel("What is uploaded, zipped".into(), "MB", zipped.collect()),
    ]
}
