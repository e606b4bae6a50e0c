//! `nightshift-bench-rules WHAT TIMES FILE…` does one thing so often: reads each file's
//! event at the door of function WHAT, or makes the decision that a case tells of
//! (`plan`). Two runs that differ in TIMES differ in nothing else, so that the difference
//! of their instructions is that thing's alone.

use std::hint::black_box;
use std::process::ExitCode;

use alarm_responder::observe::Observed;
use jiff::Timestamp;
use nightshift_core::policy::Policy;
use serde_json::Value;

type Failed = Box<dyn std::error::Error>;
/// Reads an event; what becomes of it is of no matter here.
type Door = fn(&Value);

const DOORS: [(&str, Door); 7] = [
    ("alarm-responder", |event| drop(black_box(alarm_responder::event::parse(event)))),
    ("cost-reporter", |event| drop(black_box(cost_reporter::event::parse(event)))),
    ("deployment-guard", |event| drop(black_box(deployment_guard::event::parse(event)))),
    ("image-guard", |event| drop(black_box(image_guard::event::parse(event)))),
    ("notifier", |event| drop(black_box(notifier::event::read(event)))),
    ("ops-reviewer", |event| drop(black_box(ops_reviewer::event::parse(event)))),
    ("remedy-verifier", |event| drop(black_box(remedy_verifier::event::parse(event)))),
];

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nightshift-bench-rules: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> Result<(), Failed> {
    let [what, times, files @ ..] = &arguments[..] else {
        return Err("expected WHAT TIMES FILE…".into());
    };
    let times: u32 = times.parse()?;
    let read = |file: &String| Ok::<Value, Failed>(serde_json::from_slice(&std::fs::read(file)?)?);
    let files: Vec<Value> = files.iter().map(read).collect::<Result<_, _>>()?;
    if what == "plan" {
        return files.into_iter().try_for_each(|case| plan(case, times));
    }
    let (_, door) = DOORS.iter().find(|(name, _)| name == what).ok_or("no such door")?;
    for _ in 0..times {
        files.iter().for_each(|event| door(black_box(event)));
    }
    Ok(())
}

fn plan(mut case: Value, times: u32) -> Result<(), Failed> {
    let observed: Observed = serde_json::from_value(case["observed"].take())?;
    let policy: Policy = serde_json::from_value(case["policy"].take())?;
    let now: Timestamp = serde_json::from_value(case["now"].take())?;
    for _ in 0..times {
        black_box(alarm_responder::plan::plan(black_box(&observed), &policy, now));
    }
    Ok(())
}
