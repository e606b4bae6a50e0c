//! `nightshift adopt`.

use std::fs;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use nightshift_core::settings::Variables;

use super::{Wrong, chain, say};
use crate::adopt::{self, Asked, Place, text};
use crate::args::adopt::AdoptArgs;
use crate::paint::Paint;

/// What a service, or all of them, have and lack; the parameter file of one.
///
/// # Errors
/// If the account does not answer, the service is not there, or the file cannot
/// be written.
pub fn adopted(args: AdoptArgs, paint: Paint) -> Result<(), Wrong> {
    let place = || match args.demo {
        true => Place::sample(),
        false => Ok(Place::Real(Variables::of_process())),
    };
    let place = place().map_err(|error| chain(&error))?;
    let Some((cluster, service)) = &args.service else { return all(place, args.json, paint) };
    let asked = Asked {
        stack: args.stack.clone(),
        queue: args.queue.clone(),
        dead_letters: args.dead_letters.clone(),
        runbooks: args.runbooks.clone(),
        // What is simulated must not stand where a real one is looked for.
        out: args.out.clone().or_else(|| args.demo.then(|| format!("{cluster}--{service}.demo.toml").into())),
    };
    let adoption = adopt::one(place, cluster, service, &asked).map_err(|error| chain(&error))?;
    if args.json {
        say(&format!("{:#}\n", serde_json::to_value(&adoption)?))?;
    } else {
        say(&text::one(&adoption, paint))?;
    }
    match &adoption.companion {
        Some(companion) if !args.json || args.out.is_some() => {
            let said = keep(&adoption.file, &companion.file(), args.overwrite)?;
            if args.json { Ok(()) } else { Ok(say(&format!("  {said}\n\n"))?) }
        }
        _ => Ok(()),
    }
}

/// Writes the parameter file, unless somebody has changed the one that is there.
fn keep(file: &Path, text: &str, overwrite: bool) -> Result<String, Wrong> {
    let name = file.display();
    match fs::read_to_string(file) {
        Ok(there) if there == text => return Ok(format!("{name} says so already.")),
        Ok(there) if !overwrite && !adopt::untouched(&there) => {
            return Ok(format!(
                "{name} is there, and somebody has changed it: it is left alone; --overwrite replaces it."
            ));
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{name}: {error}").into()),
    }
    fs::write(file, text).map_err(|error| format!("{name}: {error}"))?;
    Ok(format!("Its parameters are in {name}: read them before you deploy."))
}

fn all(place: Place, json: bool, paint: Paint) -> Result<(), Wrong> {
    let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template("  {bar:20} {pos}/{len} services")?);
    let fleet = adopt::all(place, |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let fleet = fleet.map_err(|error| chain(&error))?;
    if json {
        return Ok(say(&format!("{:#}\n", serde_json::to_value(&fleet)?))?);
    }
    Ok(say(&text::all(&fleet, paint))?)
}
