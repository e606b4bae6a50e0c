//! Where an alarm lives: its ARN, and the account and region in it.

use jiff::Timestamp;
use nightshift_core::alarm::AlarmState;
use nightshift_core::ids::{AlarmArn, EventId};

use super::reading::without_spaces;

/// An alarm's ARN together with what it says.
pub(super) struct Home {
    /// The ARN.
    pub arn: AlarmArn,
    /// Twelve digits.
    pub account: String,
    /// For example `eu-west-1`.
    pub region: String,
}

impl Home {
    /// Reads `arn:PARTITION:cloudwatch:REGION:ACCOUNT:alarm:NAME`. AWS's own
    /// samples carry spaces before the account; a name may hold spaces of its
    /// own, so those alone stay.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let (place, name) = arn.split_once(":alarm:")?;
        let place = without_spaces(place);
        let [scheme, partition, service, region, account] = place.split(':').collect::<Vec<_>>()[..] else {
            return None;
        };
        let sound = scheme == "arn" && service == "cloudwatch" && !region.is_empty();
        (sound && !account.is_empty() && !name.is_empty()).then(|| Self::of_parts(partition, region, account, name))
    }

    /// Puts the ARN together where the event does not carry it.
    pub fn of_parts(partition: &str, region: &str, account: &str, name: &str) -> Self {
        Self {
            arn: AlarmArn(format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}")),
            account: account.into(),
            region: region.into(),
        }
    }
}

/// The id of a change of state. CloudWatch gives all doors the same moment to
/// the millisecond, so the same news has one id by whichever it comes.
pub(super) fn event_id(alarm: &AlarmArn, state: AlarmState, at: Timestamp) -> EventId {
    let state = match state {
        AlarmState::Ok => "OK",
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    };
    EventId::of(&[alarm.as_str(), state, &format!("{at:.3}")])
}
