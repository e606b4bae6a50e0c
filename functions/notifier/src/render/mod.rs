//! What a notice looks like. Every text of a notice is untrusted: it comes
//! from alarms, logs and task definitions that anybody may have written.

pub(crate) mod text;

pub mod pager;
pub mod plain;
pub mod slack;

/// `+2.3` for 230 hundredths.
fn weight(hundredths: i32) -> String {
    let sign = if hundredths < 0 { '-' } else { '+' };
    let tenths = hundredths.unsigned_abs().saturating_add(5) / 10;
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}
