//! Of checks.

use nightshift_core::alarm::AlarmState;
use nightshift_core::incident::JoinedAlarm;

use super::still_there;

#[test]
fn only_an_alarm_seen_to_be_gone_is_forgotten() {
    let joined = |name: &str| JoinedAlarm {
        name: name.into(),
        state: AlarmState::Alarm,
        at: jiff::Timestamp::UNIX_EPOCH,
        times: 1,
        signal: None,
    };
    let fault = nightshift_core::fault::Fault::new(
        "cloudwatch:DescribeAlarms",
        "throttled",
        nightshift_core::fault::FaultKind::Transient,
        "Rate exceeded",
    );
    let read = std::collections::BTreeMap::from([
        ("deleted".to_owned(), super::Sight::Seen(None)),
        ("throttled".to_owned(), super::Sight::Unseen(fault)),
    ]);
    assert!(!still_there(&read, &joined("deleted")));
    assert!(still_there(&read, &joined("throttled")));
    assert!(still_there(&read, &joined("a-newcomer")), "it joined after the alarms were read");
}
