//! Reading the freezes.

use jiff::civil::Time;
use jiff::tz;
use toml::de::DeValue;

use super::section::{Instead, Section};
use super::unknown::nearest;
use super::{Day, Freeze, Frozen};

const STOPS: [(&str, Frozen); 2] = [("remedies", Frozen::Remedies), ("deploys", Frozen::Deploys)];
const DAYS: [(&str, Day); 7] = [
    ("mon", Day::Mon),
    ("tue", Day::Tue),
    ("wed", Day::Wed),
    ("thu", Day::Thu),
    ("fri", Day::Fri),
    ("sat", Day::Sat),
    ("sun", Day::Sun),
];
const EACH_DAY: &str = "each of mon, tue, wed, thu, fri, sat, sun at most once";

/// Every `[[freeze]]`.
pub(super) fn freezes(root: &mut Section<'_, '_, '_>) -> Vec<Freeze> {
    let Some(found) = root.find("freeze") else { return Vec::new() };
    let DeValue::Array(list) = found.get_ref() else {
        root.note("freeze", &found.span(), &instead("is no list of tables", "one table for each", "[[freeze]]"));
        return Vec::new();
    };
    let mut freezes: Vec<Freeze> = Vec::new();
    for (index, found) in list.iter().enumerate() {
        let table = root.table_at(format!("freeze[{index}]"), Some(found), "[[freeze]]".into());
        freezes.push(freeze(table, &freezes));
    }
    freezes
}

/// One of them. What is wrong in it is noted, and stands for nothing.
fn freeze(mut section: Section<'_, '_, '_>, earlier: &[Freeze]) -> Freeze {
    let name = section.required("name", "name = \"black friday\"", |value| name(value, earlier));
    let stops = section.required("stops", "stops = \"remedies\" or stops = \"deploys\"", stops);
    let days = days(&mut section);
    let from = section.required("from", "from = \"22:00\"", |value| time("from", value));
    let to = section.required("to", "to = \"06:00\"", |value| time("to", value));
    let zone = section.value("zone", "UTC".to_owned(), zone);
    if let (Some(from), Some(to)) = (from, to) {
        // 24:00 is another time than 00:00 until here: it makes a whole day.
        section.rule(&["to", "from"], from != to, || {
            format!("{to} is where it begins; expected another time; write to = \"24:00\" if it lasts till midnight")
        });
    }
    section.close();
    Freeze {
        name: name.unwrap_or_default(),
        stops: stops.unwrap_or(Frozen::Remedies),
        days,
        from: from.unwrap_or(Clock(Time::midnight(), false)).0,
        to: to.unwrap_or(Clock(Time::midnight(), false)).0,
        zone,
    }
}

/// A time of the day, and whether it is midnight at the end of it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Clock(Time, bool);

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.1 { f.write_str("24:00") } else { write!(f, "{}", self.0.strftime("%H:%M")) }
    }
}

fn instead(wrong: &'static str, expected: &str, write: &str) -> Instead {
    Instead { wrong, expected: expected.to_owned(), write: write.to_owned() }
}

fn name(value: &DeValue<'_>, earlier: &[Freeze]) -> Result<String, Instead> {
    let wrong = |wrong| Err(instead(wrong, "a name of its own, which refusals show", "name = \"black friday\""));
    match value {
        DeValue::String(name) if name.trim().is_empty() => wrong("is empty"),
        DeValue::String(name) if earlier.iter().any(|freeze| freeze.name == name.as_ref()) => {
            wrong("is the name of an earlier freeze")
        }
        DeValue::String(name) => Ok(name.to_string()),
        _ => wrong("is no text"),
    }
}

/// The one of `all` that is named, or the name that was probably meant.
pub(super) fn choice<T: Copy>(value: &DeValue<'_>, all: &[(&'static str, T)]) -> Result<T, Option<&'static str>> {
    let DeValue::String(text) = value else { return Err(None) };
    let found = all.iter().find(|(name, _)| name == text);
    found.map(|(_, value)| *value).ok_or_else(|| nearest(text, all.iter().map(|(name, _)| *name)))
}

fn stops(value: &DeValue<'_>) -> Result<Frozen, Instead> {
    choice(value, &STOPS).map_err(|meant| {
        let write = format!("stops = \"{}\"", meant.unwrap_or("remedies"));
        instead("cannot be frozen", "\"remedies\" or \"deploys\"", &write)
    })
}

fn days(section: &mut Section<'_, '_, '_>) -> Vec<Day> {
    let Some(found) = section.find("days") else { return Vec::new() };
    let DeValue::Array(list) = found.get_ref() else {
        let instead = instead("is no list", EACH_DAY, "days = [\"fri\", \"sat\"]");
        section.note("days", &found.span(), &instead);
        return Vec::new();
    };
    let mut days = Vec::new();
    for found in list.iter() {
        let wrong = match choice(found.get_ref(), &DAYS) {
            Ok(day) if days.contains(&day) => instead("is there twice", EACH_DAY, "it once"),
            Ok(day) => {
                days.push(day);
                continue;
            }
            Err(meant) => instead("is no day", EACH_DAY, &format!("\"{}\"", meant.unwrap_or("fri"))),
        };
        section.note("days", &found.span(), &wrong);
    }
    days
}

fn time(key: &str, value: &DeValue<'_>) -> Result<Clock, Instead> {
    let (text, usual) = match value {
        DeValue::String(text) => (text.to_string(), if key == "from" { "22:00" } else { "06:00" }),
        // TOML has times of its own, and there is only one way to read them.
        DeValue::Datetime(time) => (time.to_string(), "22:00"),
        _ => (String::new(), "22:00"),
    };
    let wrong = |wrong| {
        let write = format!("{key} = \"{}\"", twelve_hours(&text).unwrap_or_else(|| usual.to_owned()));
        instead(wrong, "a time from \"00:00\" to \"23:59\", at the end also \"24:00\"", &write)
    };
    match text.as_str() {
        "24:00" | "24:00:00" if key == "to" => return Ok(Clock(Time::midnight(), true)),
        "24:00" | "24:00:00" => return Err(instead("is the end of a day", "where one begins", "from = \"00:00\"")),
        _ => {}
    }
    // jiff also reads "22" and "T22:00:00.5", which nobody means.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let time = text.parse().ok().filter(|_| digits && matches!(text.len(), 5 | 8));
    time.map(|time| Clock(time, false)).ok_or_else(|| wrong("is no time of day"))
}

/// `9:30`, `9`, `9pm` as a clock writes it.
fn twelve_hours(text: &str) -> Option<String> {
    let text = text.to_lowercase().replace(' ', "");
    let half = [("am", 0), ("pm", 12)].into_iter().find_map(|(half, plus)| Some((text.strip_suffix(half)?, plus)));
    let clock = half.map_or(text.as_str(), |(clock, _)| clock);
    let (hour, minute) = clock.split_once(':').unwrap_or((clock, "00"));
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = half.map_or(hour, |(_, plus)| hour % 12 + plus);
    Time::new(hour, minute, 0, 0).ok().map(|time| time.strftime("%H:%M").to_string())
}

fn zone(value: &DeValue<'_>) -> Result<String, Instead> {
    let wrong = |meant: Option<String>| {
        let write = format!("zone = \"{}\"", meant.unwrap_or_else(|| "Europe/Berlin".into()));
        instead("is no time zone", "a name of the IANA database", &write)
    };
    let DeValue::String(text) = value else { return Err(wrong(None)) };
    // jiff reads this one for "nobody knows where".
    if text != "Etc/Unknown" && tz::TimeZone::get(text).is_ok() {
        return Ok(text.to_string());
    }
    Err(wrong(zone_near(text)))
}

/// A zone whose city it is, or that it is a typing error away from.
fn zone_near(text: &str) -> Option<String> {
    let names: Vec<String> = tz::db().available().map(|name| name.as_str().to_owned()).collect();
    let city = text.rsplit('/').next().unwrap_or(text).replace(' ', "_").to_lowercase();
    let of_city = |name: &&String| name.to_lowercase().split('/').next_back() == Some(city.as_str());
    let areas = |name: &&&String| name.contains('/') && !name.starts_with("Etc/") && !name.starts_with("US/");
    let named = names.iter().filter(|name| areas(&name)).find(|name| !city.is_empty() && of_city(name));
    named
        .or_else(|| {
            let far = |name: &&String| strsim::osa_distance(&name.to_lowercase(), &text.to_lowercase());
            names.iter().min_by_key(far).filter(|name| far(name) <= 2)
        })
        .cloned()
}
