//! From the command line to what is printed.

use std::fs;
use std::io::{IsTerminal as _, Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::CommandFactory as _;
use indicatif::{ProgressBar, ProgressStyle};
use nightshift_core::policy::Policy;
use nightshift_core::settings::Variables;
use nightshift_sim::Scenario;
use serde_json::Value;

use crate::args::{Args, Command};
use crate::demo::{Demo, scenes, timeline};
use crate::drill;
use crate::paint::{Ink, Paint, harmless, wrapped};
use crate::replay::{self, Replayed};
use crate::switch::{Asked, ask};
use crate::{check, decide, explain, page};

mod adopted;
mod proved;
mod reported;
mod simulated;

/// Where `demo` draws the night.
const PAGE: &str = "target/nightshift/demo.html";
/// `decide` found another plan than the case holds.
const DIFFERS: u8 = 3;

/// What went wrong, for people; exit code 1.
type Wrong = Box<dyn std::error::Error>;

/// Does what was asked.
///
/// # Errors
/// If something is wrong with what was given.
pub fn run(args: Args) -> Result<ExitCode, Wrong> {
    let paint = Paint::at_terminal(colour(&Variables::of_process(), stdout().is_terminal()));
    match args.command {
        Command::Demo { seed, json, out } => demo(seed, json, out, paint)?,
        Command::Replay { files, scenario, policy, json, save_cases } => {
            let by = (scenario.as_deref(), policy.as_deref());
            return replay_all(&files, by, json, save_cases.as_deref(), paint);
        }
        Command::Decide { file } => return decided(&file, paint),
        Command::Explain { file, json } => explained(&file, json, paint)?,
        Command::Adopt(args) => adopted::adopted(args, paint)?,
        Command::Check { file } => return checked(&file, paint),
        Command::KeepRule { file } => keep_rule(file.as_deref())?,
        Command::Halt { parameter } => asked(Asked::Switch { halt: true, parameter })?,
        Command::Resume { parameter } => asked(Asked::Switch { halt: false, parameter })?,
        Command::Case { incident, sequence, table } => asked(Asked::Case { incident, sequence, table })?,
        Command::Drill(wanted) => {
            return drill::drill(&wanted, Variables::of_process(), paint).map_err(|error| chain(&error).into());
        }
        Command::Report { report } => reported::reported(report, paint)?,
        Command::Simulate { simulation } => return simulated::simulated(simulation, paint),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "nightshift", &mut script);
            say(&String::from_utf8_lossy(&script))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A lifecycle policy with a first rule that keeps what carries our tag.
fn keep_rule(file: Option<&Path>) -> Result<(), Wrong> {
    let there = match file {
        Some(file) if file == Path::new("-") => Some(std::io::read_to_string(std::io::stdin())?),
        Some(file) => Some(read(file)?),
        None => None,
    };
    if there.as_deref().is_some_and(|there| there.trim().is_empty()) {
        return Err("no lifecycle policy came in; without FILE the rule alone is printed".into());
    }
    let policy = nightshift_lifecycle::with_keep_rule(there.as_deref(), nightshift_core::image::KEEP_TAG);
    let name = file.map_or_else(String::new, |file| file.display().to_string());
    let policy = policy.map_err(|error| format!("{name}: {}", chain(&error)))?;
    say(&format!("{}\n", policy.trim_end()))?;
    Ok(())
}

/// Colours only for a person at a terminal who has not said no
/// (<https://no-color.org>).
fn colour(variables: &Variables, terminal: bool) -> bool {
    terminal && variables.get("NO_COLOR").is_none() && variables.get("TERM") != Some("dumb")
}

/// Prints; a reader that has gone away, such as `head`, is no error.
fn say(text: &str) -> Result<(), std::io::Error> {
    match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

fn read(file: &Path) -> Result<String, Wrong> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn write(file: &Path, text: &str) -> Result<(), Wrong> {
    let made = file.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(file, text)).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn demo(seed: u64, json: bool, out: Option<PathBuf>, paint: Paint) -> Result<(), Wrong> {
    let bar =
        ProgressBar::new(scenes::all().len() as u64).with_style(ProgressStyle::with_template("  {bar:20} {wide_msg}")?);
    let demo = Demo::play(seed, |script| {
        bar.set_message(script.title);
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    let document = format!("{:#}\n", serde_json::to_value(&demo)?);
    let file = out.or_else(|| (!json).then(|| PathBuf::from(PAGE)));
    if let Some(file) = &file {
        // From the document alone: whoever keeps it can draw the page again.
        write(file, &page::page(&serde_json::from_str(&document)?))?;
    }
    if json {
        return Ok(say(&document)?);
    }
    say(&timeline::timeline(&demo, paint))?;
    let file = file.unwrap_or_default();
    Ok(say(&format!("\n  The same with pictures: {}\n\n", paint.ink(Ink::Bold, &file.display().to_string())))?)
}

fn replay_all(
    files: &[PathBuf],
    (scenario, policy): (Option<&Path>, Option<&Path>),
    json: bool,
    save_cases: Option<&Path>,
    paint: Paint,
) -> Result<ExitCode, Wrong> {
    let mut code = ExitCode::SUCCESS;
    let policy = policy.map(reported::read_policy).transpose()?.unwrap_or_default();
    for file in files {
        let replayed = match replay_file(file, scenario, &policy) {
            Ok(replayed) => replayed,
            // The others are explained all the same.
            Err(error) => {
                report(&error.to_string());
                code = ExitCode::FAILURE;
                continue;
            }
        };
        if let Some(folder) = save_cases {
            save(&replayed, file, folder)?;
        }
        let text = if json {
            format!("{}\n", serde_json::to_string(&replayed)?)
        } else {
            format!("{}\n", replay::text::text(&replayed, paint))
        };
        say(&text)?;
    }
    Ok(code)
}

/// Replays the event of one file; its scenario is `CASE.scenario.toml` beside
/// `CASE.json`, unless another is given.
///
/// # Errors
/// If a file cannot be read, or what is in it is wrong; each names the file.
pub fn replay_file(file: &Path, scenario: Option<&Path>, policy: &Policy) -> Result<Replayed, Wrong> {
    let event: Value =
        serde_json::from_str(&read(file)?).map_err(|error| format!("{}: no JSON: {error}", file.display()))?;
    let beside = file.with_extension("scenario.toml");
    let scenario = scenario.or_else(|| beside.exists().then_some(beside.as_path()));
    let scenario = match scenario {
        Some(path) => {
            let parsed = Scenario::parse(&read(path)?);
            Some(parsed.map_err(|error| format!("{}: {error}", path.display()))?)
        }
        None => None,
    };
    let replayed = replay::replay(&event, scenario, policy);
    let mut replayed = replayed.map_err(|error| format!("{}: {error}", file.display()))?;
    replayed.event = file.display().to_string();
    Ok(replayed)
}

fn save(replayed: &Replayed, file: &Path, folder: &Path) -> Result<(), Wrong> {
    let stem = file.file_stem().map_or_else(|| "event".into(), |stem| stem.to_string_lossy());
    for (index, case) in replayed.why.cases.iter().enumerate() {
        let number = if index == 0 { String::new() } else { format!("-{}", index + 1) };
        let text = format!("{:#}\n", serde_json::to_value(case)?);
        write(&folder.join(format!("{stem}{number}.case.json")), &text)?;
    }
    Ok(())
}

fn decided(file: &Path, paint: Paint) -> Result<ExitCode, Wrong> {
    let decided = decide::decide(&read(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
    let Some(before) = &decided.before else {
        say(&decided.plan)?;
        return Ok(ExitCode::SUCCESS);
    };
    let build = env!("CARGO_PKG_VERSION");
    let title = |text: String| paint.ink(Ink::Bold, &text);
    say(&format!(
        "{}\n{before}\n{}\n{}\n{}\n{}",
        title(format!("The plan in the case, by build {}:", decided.build)),
        title(format!("The plan of this build, {build}:")),
        decided.plan,
        title("What differs:".to_owned()),
        decided.difference,
    ))?;
    Ok(ExitCode::from(DIFFERS))
}

fn explained(file: &Path, json: bool, paint: Paint) -> Result<(), Wrong> {
    let explained = explain::explain(&read(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
    let text = match json {
        true => format!("{:#}\n", serde_json::to_value(&explained)?),
        false => explain::text::text(&explained, paint),
    };
    Ok(say(&text)?)
}

fn checked(file: &Path, paint: Paint) -> Result<ExitCode, Wrong> {
    let name = file.display();
    let policy = fs::read(file).map_err(|error| format!("{name}: {error}"))?;
    match check::check(&policy) {
        Ok(says) => {
            let says = says.iter().map(|says| wrapped(says, paint.columns - 4).join("\n    "));
            say(&format!("{name}: fine. It means:\n  {}\n", says.collect::<Vec<_>>().join("\n  ")))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(wrong) => {
            // A line each: what is shown of the file must not break a line itself.
            wrong.mistakes.iter().for_each(|mistake| report(&format!("{name}:{mistake}")));
            Ok(ExitCode::FAILURE)
        }
    }
}

fn asked(asked: Asked) -> Result<(), Wrong> {
    let answer = ask(asked, Variables::of_process()).map_err(|error| chain(&error))?;
    Ok(say(&answer)?)
}

/// An error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Tells what went wrong.
pub fn report(wrong: &str) {
    eprintln!("{}", harmless(wrong));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        let variables =
            |pairs: &[(&str, &str)]| Variables(pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect());
        assert!(colour(&variables(&[("TERM", "xterm")]), true));
        assert!(!colour(&variables(&[("TERM", "xterm")]), false));
        assert!(!colour(&variables(&[("NO_COLOR", "1")]), true));
        assert!(!colour(&variables(&[("TERM", "dumb")]), true));
    }
}
