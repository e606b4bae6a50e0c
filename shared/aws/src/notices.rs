//! Amazon SNS: telling people.

use std::collections::BTreeMap;

use aws_sdk_sns::types::MessageAttributeValue;
use futures_util::FutureExt as _;
use nightshift_core::notice::Notice;
use nightshift_core::notice::plain::{plain, sms, subject};
use nightshift_core::ports::{Answer, NoticeWrites};
use nightshift_core::tally::{Counter, Family, Tallied};
use serde_json::{Value, json};

use crate::client::Account;
use crate::fault::{fault, unreadable};

const OPERATION: &str = "sns:Publish";
/// SNS takes 256 KiB, attributes included.
const LARGEST_MESSAGE: usize = 250 * 1024;

impl NoticeWrites for Account {
    async fn publish(&self, notice: &Notice) -> Answer<()> {
        let topic = self.settings.notice_topic()?;
        let failed = |text: String| unreadable(OPERATION, notice.key(), text);
        let mut request = self
            .sns
            .publish()
            .topic_arn(topic)
            .subject(subject(&notice.headline))
            .message_structure("json")
            .message(message(notice).map_err(|error| failed(error.to_string()))?);
        for (name, value) in attributes(notice) {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            request = request.message_attributes(name, value.map_err(|error| failed(error.to_string()))?);
        }
        request.send().boxed().await.map_err(|error| fault(OPERATION, topic, &error))?;
        self.tally().told(notice);
        Ok(())
    }

    async fn page_plainly(&self, about: &str, text: &str) -> Answer<()> {
        let topic = self.settings.page_topic()?;
        let text = cut(text);
        let request = self.sns.publish().topic_arn(topic).subject(subject(about)).message(text);
        request.send().boxed().await.map_err(|error| fault(OPERATION, topic, &error))?;
        self.tally().add(Counter::all(Family::PlainPage));
        Ok(())
    }
}

/// One text for each kind of subscriber: the typed notice for functions, plain
/// text for everybody else. The weakest evidence goes first if it is too long.
fn message(notice: &Notice) -> serde_json::Result<String> {
    let mut notice = notice.clone();
    loop {
        let message = json!({
            "default": plain(&notice),
            "email": plain(&notice),
            "sms": sms(&notice),
            "lambda": serde_json::to_string(&notice)?,
        });
        let message = message.to_string();
        if message.len() <= LARGEST_MESSAGE || notice.evidence.is_empty() {
            return Ok(message);
        }
        let left_out = notice.evidence.len().div_ceil(2);
        notice.evidence.truncate(notice.evidence.len() - left_out);
    }
}

/// What filter policies choose by. SNS refuses an empty value.
fn attributes(notice: &Notice) -> BTreeMap<&'static str, String> {
    let named = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = [
        ("severity", notice.severity.to_string()),
        ("kind", named(&json!(notice.kind))),
        ("phase", named(&json!(notice.phase))),
        ("service", notice.service.to_string()),
        ("team", notice.team.clone().unwrap_or_default()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// The text, cut at a character so that SNS takes it; it refuses an empty one.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(LARGEST_MESSAGE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    if text.is_empty() { "(no text)" } else { &text[..end] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nightshift_core::ids::{IncidentId, ServiceRef};
    use nightshift_core::incident::Phase;
    use nightshift_core::mode::{Mode, Severity};
    use nightshift_core::notice::{EvidenceLine, NoticeKind};

    fn notice(evidence: usize) -> Notice {
        let line = |weight| EvidenceLine { cause: "load".to_owned(), weight, says: "x".repeat(1000) };
        Notice {
            incident: IncidentId::new("20261120-0312-0a1b2c3d"),
            sequence: 1,
            kind: NoticeKind::Opened,
            phase: Phase::AwaitingApproval,
            severity: Severity::P2,
            severity_because: "untagged".to_owned(),
            mode: Mode::Approve,
            service: ServiceRef::from_arn("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").unwrap(),
            environment: None,
            team: None,
            opened_at: "2026-11-20T03:12:00Z".parse().unwrap(),
            at: "2026-11-20T03:12:00Z".parse().unwrap(),
            headline: "prod/web is unwell".to_owned(),
            why: Vec::new(),
            done: Vec::new(),
            evidence: (0..evidence).rev().map(|weight| line(i32::try_from(weight).unwrap())).collect(),
            impact: BTreeMap::new(),
            drift: None,
            links: Vec::new(),
            timeline: "opened".to_owned(),
            pager: None,
            plainly: false,
            untold: 0,
            told_by: None,
            sections: Vec::new(),
            chart: None,
        }
    }

    fn as_function(message: &str) -> Notice {
        let message: BTreeMap<String, String> = serde_json::from_str(message).unwrap();
        serde_json::from_str(&message["lambda"]).unwrap()
    }

    #[test]
    fn a_function_gets_the_notice_as_it_is() {
        let message = message(&notice(3)).unwrap();
        assert_eq!(as_function(&message), notice(3));
    }

    #[test]
    fn a_notice_that_is_too_long_loses_its_weakest_evidence() {
        let message = message(&notice(400)).unwrap();
        assert!(message.len() <= LARGEST_MESSAGE, "{}", message.len());
        let kept = as_function(&message).evidence;
        assert!(!kept.is_empty() && kept.len() < 400);
        assert_eq!(kept[0], notice(400).evidence[0]);
    }

    #[test]
    fn an_attribute_without_a_value_is_left_out() {
        let names: Vec<_> = attributes(&notice(0)).into_iter().collect();
        let expect = [("kind", "opened"), ("phase", "awaiting-approval"), ("service", "prod/web"), ("severity", "P2")];
        assert_eq!(names, expect.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn a_page_is_never_too_long_nor_empty() {
        assert_eq!(cut(""), "(no text)");
        assert_eq!(cut("page"), "page");
        assert!(cut(&"ä".repeat(LARGEST_MESSAGE)).len() <= LARGEST_MESSAGE);
    }
}
