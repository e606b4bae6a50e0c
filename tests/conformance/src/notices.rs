//! What people are told.

use std::collections::BTreeMap;

use nightshift_core::ids::IncidentId;
use nightshift_core::incident::Phase;
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::notice::{EvidenceLine, Notice, NoticeKind, Pager};
use nightshift_core::ports::NoticeWrites;

use crate::{Place, same};

/// What must have been told, in this order, to the topics' subscribers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// As the functions get them.
    pub notices: Vec<Notice>,
    /// Subject and text of each plain page.
    pub pages: Vec<(String, String)>,
}

/// Runs the suite and gives what must have been told: no port reads it, so
/// whoever runs it listens for himself. `prefix` keeps runs apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn notices<W: NoticeWrites>(world: &W, place: &Place, prefix: &str) -> Result<Told, String> {
    let plain = notice(place, prefix, 1, "prod/checkout answers with errors");
    let hostile = format!("<!channel> `prod`\n\u{202e}ä{}\0", "x".repeat(200));
    let hostile = notice(place, prefix, 2, &hostile);
    // A notice that may not have been published is published again.
    let told = vec![plain.clone(), plain, hostile];
    for notice in &told {
        same(&notice.key(), &world.publish(notice).await, &Ok(()))?;
    }
    let page = |subject: &str, text: &str| (format!("{prefix} {subject}"), text.to_owned());
    let pages = vec![page("the ledger is gone", "dynamodb:GetItem failed\nfor ä minutes")];
    for (subject, text) in &pages {
        same(subject, &world.page_plainly(subject, text).await, &Ok(()))?;
    }
    Ok(Told { notices: told, pages })
}

fn notice(place: &Place, prefix: &str, sequence: u32, headline: &str) -> Notice {
    let line = EvidenceLine { cause: "release".into(), weight: 250, says: "it began right after".into() };
    Notice {
        incident: IncidentId::new(prefix),
        sequence,
        kind: NoticeKind::Opened,
        phase: Phase::AwaitingApproval,
        severity: Severity::P2,
        severity_because: "untagged".into(),
        mode: Mode::Observe,
        service: place.prod("checkout"),
        environment: None,
        team: Some("shop".into()),
        opened_at: place.now,
        at: place.now,
        headline: headline.into(),
        why: vec!["The alarm says so.".into()],
        done: Vec::new(),
        evidence: vec![line],
        impact: BTreeMap::from([("tasks".into(), "4 of 4".into())]),
        drift: None,
        links: Vec::new(),
        timeline: "opened".into(),
        pager: Some(Pager::Trigger { key: format!("{prefix}#1") }),
        plainly: false,
        untold: 0,
        told_by: None,
        sections: Vec::new(),
        chart: None,
    }
}
