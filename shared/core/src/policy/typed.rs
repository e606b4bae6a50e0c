//! Values of the policy by their kind: what may stand there, and what was
//! probably meant by what does.

use std::ops::RangeInclusive;

use toml::de::DeValue;

use super::section::{Instead, Section};
use crate::span::Span;

impl<'t> Section<'_, '_, 't> {
    /// A whole number.
    pub fn number<N>(&mut self, key: &'static str, default: N, limits: RangeInclusive<u32>) -> N
    where
        N: Copy + Into<i128> + TryFrom<i128>,
    {
        let usual: i128 = default.into();
        self.value(key, default, |value| {
            let instead =
                |wrong, write: i128| Instead { wrong, expected: expected(&limits), write: format!("{key} = {write}") };
            let number = match value {
                DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix()).ok(),
                DeValue::Float(share) if *limits.end() == 100 => {
                    let percent = share.as_str().parse::<f64>().unwrap_or(0.0) * 100.0;
                    let percent = if (1.0..=100.0).contains(&percent) { percent.round() as i128 } else { usual };
                    return Err(instead("is no whole number", percent));
                }
                DeValue::String(text) => {
                    let meant = text.trim_end_matches(['%', ' ']).parse().ok();
                    let meant = meant.filter(|meant| *meant >= 0 && within(&limits, *meant));
                    return Err(instead("is a text", meant.unwrap_or(usual)));
                }
                _ => return Err(instead("is no whole number", usual)),
            };
            let number = number.filter(|number| within(&limits, *number));
            number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| instead("is out of range", usual))
        })
    }

    /// A span of time.
    pub fn span(&mut self, key: &'static str, default: Span, limits: RangeInclusive<Span>) -> Span {
        self.value(key, default, |value| {
            let between = match (limits.start(), limits.end()) {
                (least, most) if *most == FOR_EVER => format!("at least {least}"),
                (least, most) => format!("{least} to {most}"),
            };
            let instead = |wrong, write: String| Instead {
                wrong,
                expected: format!("a quoted number with its unit (s, m, h or d), {between}"),
                write: format!("{key} = \"{write}\""),
            };
            match value {
                DeValue::String(text) => match text.parse::<Span>() {
                    Ok(span) if span < *limits.start() => Err(instead("is too short", default.to_string())),
                    Ok(span) if span > *limits.end() => Err(instead("is too long", default.to_string())),
                    Ok(span) => Ok(span),
                    Err(_) => Err(instead("is no span of time", default.to_string())),
                },
                DeValue::Integer(number) => {
                    let meant = format!("{number}{}", unit(number.as_str(), default));
                    let sound = meant.parse().is_ok_and(|span| limits.contains(&span));
                    Err(instead("has no unit", if sound { meant } else { default.to_string() }))
                }
                _ => Err(instead("is no span of time", default.to_string())),
            }
        })
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.value(key, default, |value| match value {
            DeValue::Boolean(flag) => Ok(*flag),
            DeValue::String(text) => {
                let meant = matches!(text.to_lowercase().as_str(), "true" | "yes" | "on");
                Err(Instead { wrong: "is a text", expected: EITHER.into(), write: format!("{key} = {meant}") })
            }
            _ => Err(Instead { wrong: "is neither", expected: EITHER.into(), write: format!("{key} = {default}") }),
        })
    }
}

/// As long as one likes.
pub(super) const FOR_EVER: Span = Span::seconds(i64::MAX);

const EITHER: &str = "true or false, without quotes";

fn within(limits: &RangeInclusive<u32>, number: i128) -> bool {
    u32::try_from(number).is_ok_and(|number| limits.contains(&number))
}

fn expected(limits: &RangeInclusive<u32>) -> String {
    match (limits.start(), limits.end()) {
        (least, &u32::MAX) => format!("a whole number, at least {least}"),
        (least, most) => format!("a whole number from {least} to {most}"),
    }
}

/// The unit that was probably meant: with it the number is nearest to the
/// default.
fn unit(number: &str, default: Span) -> char {
    let number = number.parse().unwrap_or(1.0_f64).max(1.0);
    let far = |seconds: f64| (number * seconds / default.as_seconds().max(1) as f64).ln().abs();
    let units = [('s', 1.0), ('m', 60.0), ('h', 3600.0), ('d', 86_400.0)];
    units.into_iter().min_by(|(_, a), (_, b)| far(*a).total_cmp(&far(*b))).map_or('s', |(unit, _)| unit)
}
