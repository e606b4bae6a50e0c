//! Figures, times and lists as people read them.

use jiff::Timestamp;
use nightshift_core::ids::TaskDefinitionArn;
use nightshift_core::metric::MetricId;

use crate::signals;

/// A value with as many digits as matter: `0.25`, `4.1`, `41`.
pub(crate) fn figure(value: f64) -> String {
    let text = match value.abs() {
        size if size >= 10.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A value of that metric, with its unit where it is known.
pub(crate) fn reading(metric: &MetricId, value: f64) -> String {
    let unit = match metric.name.as_str() {
        "CPUUtilization" | "MemoryUtilization" if !signals::counts(metric) => " %",
        "TargetResponseTime" => " s",
        _ if signals::counts(metric) => " a minute",
        _ => "",
    };
    format!("{}{unit}", figure(value))
}

/// `02:07`, in UTC as all of AWS's own pages.
pub(crate) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}

/// `web:43`.
pub(crate) fn release(task_definition: &TaskDefinitionArn) -> &str {
    task_definition.short()
}

/// `one, two and three`.
pub(crate) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// `1 task`, `3 tasks`.
pub(crate) fn tasks(number: usize) -> String {
    if number == 1 { "1 task".into() } else { format!("{number} tasks") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_matter() {
        let shown: Vec<String> = [0.0, 0.25, 0.1, 1.0, 4.14, 10.0, 41.2, 1200.0].into_iter().map(figure).collect();
        assert_eq!(shown, ["0", "0.25", "0.1", "1", "4.1", "10", "41", "1200"]);
    }

    #[test]
    fn lists_read_like_speech() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
