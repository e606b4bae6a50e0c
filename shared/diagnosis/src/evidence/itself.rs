//! The alarm and its metric by themselves: is anything wrong at all?

use nightshift_core::alarm::AlarmState;

use super::{Finding, say};
use crate::scene::Scene;
use crate::weights;
use crate::words::{clock, reading};

pub(super) fn find(scene: &Scene, found: &mut Vec<Finding>) {
    match scene.alarm.map(|alarm| alarm.state) {
        Some(AlarmState::Ok) => {
            say(found, &weights::ALARM_CLEAR, "the alarm is OK again");
            if scene.lineup.is_some() {
                say(found, &weights::ALARM_CLEAR_INSTEAD, "the alarm is OK again");
            }
        }
        Some(AlarmState::InsufficientData) => {
            say(found, &weights::ALARM_WITHOUT_DATA, "the alarm has too few datapoints to tell");
        }
        Some(AlarmState::Alarm) | None => {}
    }
    let (Some(symptom), Some(episode)) = (&scene.symptom, scene.episode()) else { return };
    if episode.over {
        let level = reading(&symptom.metric, episode.level);
        let says = format!("{} is back at {level}", crate::signals::called(&symptom.metric));
        say(found, &weights::BACK_TO_LEVEL, says.clone());
        if scene.lineup.is_some() {
            say(found, &weights::BACK_TO_LEVEL_INSTEAD, says);
        }
    }
    if episode.points == 1 {
        let worst = reading(&symptom.metric, episode.worst);
        let says = format!("one datapoint alone departed: {worst} at {}", clock(episode.onset));
        say(found, &weights::ONE_POINT, says);
    }
}
