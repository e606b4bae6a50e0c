//! The way from AWS to a function, where events are delivered at least once
//! and not always in time.

use jiff::SignedDuration;
use nightshift_sim::Delivery;
use serde_json::{Value, json};

/// What goes wrong with the next ALARM event of one alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// EventBridge delivers it once more.
    Again {
        /// The alarm's name.
        alarm: String,
        /// So long after the first delivery.
        after: SignedDuration,
    },
    /// The alarm also publishes to an SNS topic that the function listens to.
    BySns {
        /// The alarm's name.
        alarm: String,
        /// So long after the first delivery.
        after: SignedDuration,
    },
    /// It is delivered late.
    Late {
        /// The alarm's name.
        alarm: String,
        /// So late.
        by: SignedDuration,
    },
}

/// Carries deliveries, with the mishaps that were ordered, each once.
#[derive(Clone, Debug, Default)]
pub struct Courier {
    expected: Vec<Mishap>,
}

impl Courier {
    /// Orders a mishap.
    pub fn expect(&mut self, mishap: Mishap) {
        self.expected.push(mishap);
    }

    /// What becomes of a delivery: each copy with how much later it arrives.
    pub fn carry(&mut self, delivery: Delivery) -> Vec<(SignedDuration, Delivery)> {
        let Delivery::Alarm { event, at } = &delivery else { return vec![(SignedDuration::ZERO, delivery)] };
        let (event, at) = (event.clone(), *at);
        let Some(name) = firing(&event).map(ToOwned::to_owned) else { return vec![(SignedDuration::ZERO, delivery)] };
        let (mine, others) = std::mem::take(&mut self.expected).into_iter().partition(|mishap| mishap.alarm() == name);
        self.expected = others;
        let mine: Vec<Mishap> = mine;
        let mut first = SignedDuration::ZERO;
        let mut copies = Vec::new();
        for mishap in mine {
            match mishap {
                Mishap::Late { by, .. } => first = by,
                Mishap::Again { after, .. } => copies.push((after, Delivery::Alarm { event: event.clone(), at })),
                Mishap::BySns { after, .. } => copies.push((after, Delivery::Alarm { event: by_sns(&event), at })),
            }
        }
        let mut all = vec![(first, delivery)];
        all.extend(copies.into_iter().map(|(after, copy)| (first.saturating_add(after), copy)));
        all
    }
}

impl Mishap {
    fn alarm(&self) -> &str {
        match self {
            Self::Again { alarm, .. } | Self::BySns { alarm, .. } | Self::Late { alarm, .. } => alarm,
        }
    }
}

/// Name of the alarm that went to ALARM by this event.
fn firing(event: &Value) -> Option<&str> {
    let detail = event.get("detail")?;
    (detail["state"]["value"] == "ALARM").then(|| detail["alarmName"].as_str()).flatten()
}

/// The same news as the alarm's own SNS message tells it.
pub fn by_sns(event: &Value) -> Value {
    let detail = &event["detail"];
    let stat = &detail["configuration"]["metrics"][0]["metricStat"];
    let pairs = stat["metric"]["dimensions"].as_object().into_iter().flatten();
    let dimensions: Vec<Value> = pairs.map(|(name, value)| json!({"name": name, "value": value})).collect();
    let message = json!({
        "AlarmName": detail["alarmName"],
        "AlarmDescription": detail["configuration"]["description"],
        "AWSAccountId": event["account"],
        "NewStateValue": detail["state"]["value"],
        "NewStateReason": detail["state"]["reason"],
        "StateChangeTime": detail["state"]["timestamp"],
        "AlarmArn": event["resources"][0],
        "OldStateValue": detail["previousState"]["value"],
        "Trigger": {
            "MetricName": stat["metric"]["name"],
            "Namespace": stat["metric"]["namespace"],
            "StatisticType": "Statistic",
            "Statistic": stat["stat"].as_str().unwrap_or_default().to_uppercase(),
            "Dimensions": dimensions,
            "Period": stat["period"],
        },
    });
    let topic = format!("arn:aws:sns:{}:{}:alarms", text(&event["region"]), text(&event["account"]));
    json!({"Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": format!("{topic}:1e5a8849-a54d-5a47-b69c-4a3202441a3f"),
        "Sns": {
            "Type": "Notification",
            "MessageId": event["id"],
            "TopicArn": topic,
            "Subject": format!("ALARM: {:?}", text(&detail["alarmName"])),
            "Message": message.to_string(),
            "Timestamp": event["time"],
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertUrl": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService.pem",
            "UnsubscribeUrl": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
            "MessageAttributes": {},
        },
    }]})
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
