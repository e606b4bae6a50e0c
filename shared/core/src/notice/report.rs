//! A report as a notice: of no service in particular, and done once it is told.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Notice, NoticeKind, Section};
use crate::ids::{IncidentId, ServiceRef};
use crate::incident::Phase;
use crate::mode::{Mode, Severity};

/// Lines of one part; who reads more asks the command line.
const MOST_LINES: usize = 20;

impl Section {
    /// A part of so many lines as people read; `None`: there are none.
    pub fn part(title: &str, mut lines: Vec<String>) -> Option<Self> {
        if lines.len() > MOST_LINES {
            let left_out = lines.len() - (MOST_LINES - 1);
            lines.truncate(MOST_LINES - 1);
            lines.push(format!("… and {left_out} more"));
        }
        (!lines.is_empty()).then(|| Self { title: title.to_owned(), lines, aligned: false })
    }

    /// The part as a table.
    #[must_use]
    pub fn in_columns(self) -> Self {
        Self { aligned: true, ..self }
    }

    /// The part with a last line that says how to read it.
    #[must_use]
    pub fn noted(mut self, note: &str) -> Self {
        self.lines.push(note.to_owned());
        self
    }
}

impl Notice {
    /// The report named `incident` over the time `from` to `to`, of `account`
    /// and `region`. One id is one report, however often it is made.
    pub fn report(
        incident: IncidentId,
        (account, region): (&str, &str),
        (from, to): (Timestamp, Timestamp),
        headline: String,
        sections: Vec<Section>,
    ) -> Self {
        Self {
            incident,
            sequence: 1,
            kind: NoticeKind::Report,
            phase: Phase::Resolved,
            severity: Severity::P3,
            severity_because: "it is a report".to_owned(),
            mode: Mode::Observe,
            // None can be called so.
            service: ServiceRef {
                account: account.to_owned(),
                region: region.to_owned(),
                cluster: "*".to_owned(),
                service: "*".to_owned(),
            },
            environment: None,
            team: None,
            opened_at: from,
            at: to,
            timeline: headline.clone(),
            headline,
            why: Vec::new(),
            done: Vec::new(),
            evidence: Vec::new(),
            impact: BTreeMap::new(),
            drift: None,
            links: Vec::new(),
            pager: None,
            plainly: false,
            untold: 0,
            told_by: None,
            sections,
            chart: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_no_more_lines_than_people_read() {
        let lines = |number: usize| (0..number).map(|line| line.to_string()).collect();
        assert_eq!(Section::part("nothing", lines(0)), None);
        assert_eq!(Section::part("all", lines(20)).unwrap().lines.len(), 20);
        let part = Section::part("many", lines(21)).unwrap().in_columns().noted("as of today");
        assert_eq!(part.lines.len(), 21);
        assert_eq!(part.lines[18..], ["18", "… and 2 more", "as of today"]);
        assert!(part.aligned);
    }
}
