//! `nightshift-bench`: measures, and prints what it measured.
#![expect(clippy::print_stdout, reason = "it is a program for a terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use nightshift_bench::authority::Authority;
use nightshift_bench::calls::{Calls, listed};
use nightshift_bench::cloud::Cloud;
use nightshift_bench::conditions::Often;
use nightshift_bench::life::{Life, World};
use nightshift_bench::measure::remedied;
use nightshift_bench::report::{FLOOR, OURS};
use nightshift_bench::run::{record, run};
use nightshift_bench::runtime_api::RuntimeApi;
use nightshift_bench::variant::Variant;
use nightshift_bench::weight::Weights;
use nightshift_bench::{budget, chain, floor, picture, table};

type Failed = Box<dyn std::error::Error>;

/// How fast and how large alarm-responder is, beside what others would have written.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The binary that is measured; else the one beside this program.
    #[arg(long, value_name = "FILE")]
    responder: Option<PathBuf>,
    /// The policy that it runs under.
    #[arg(long, value_name = "FILE", default_value = "config/nightshift.toml")]
    policy: PathBuf,
    /// Where the rivals are set up.
    #[arg(long, value_name = "FOLDER", default_value = "bench/rivals")]
    rivals: PathBuf,
    /// Where the bench leaves what it makes.
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    out: PathBuf,
    #[command(subcommand)]
    command: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Measure ours, the floor and the rivals; prints a table, writes bench.json and bench.svg.
    Run {
        /// Only see whether all runs: the figures are of no worth.
        #[arg(long)]
        quick: bool,
        /// Ours once more under that name with a variable set, or another build of it:
        /// NAME:VARIABLE=VALUE, NAME:FILE.
        #[arg(long, value_name = "CHANGE")]
        also: Vec<String>,
    },
    /// Write what an event of ours costs into its budget, bench/budget.toml, and the case
    /// that it is decided by into bench/answers/case.json.
    Budget,
    /// Weigh all binaries and count instructions; an error if they are over bench/weight.toml.
    Weigh {
        /// Write them there instead.
        #[arg(long)]
        write: bool,
        /// One function alone.
        #[arg(long, value_name = "FUNCTION")]
        only: Option<String>,
    },
    /// Show the calls of one event, in order.
    Look {
        /// `ours`, or a rival's name.
        #[arg(default_value = "ours")]
        variant: String,
        /// Milliseconds that each AWS call takes.
        #[arg(long, default_value_t = 20)]
        latency: u64,
        /// Show the requests and the response too.
        #[arg(long)]
        whole: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match obey(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn obey(arguments: Arguments) -> Result<(), Failed> {
    std::fs::create_dir_all(&arguments.out)?;
    let authority = Authority::make(&arguments.out.canonicalize()?)?;
    let cloud = Cloud::open(authority.server.clone()).await?;
    let mut world = World { api: RuntimeApi::open().await?, cloud, authority };
    match &arguments.command {
        What::Run { quick, also } => measured(&mut world, &arguments, *quick, also).await,
        What::Budget => budgeted(&mut world, &ours(&arguments)?).await,
        What::Weigh { write, only } => weighed(*write, only.as_deref()),
        What::Look { variant, latency, whole } => {
            let variant = named(&arguments, variant)?;
            look(&mut world, &variant, Duration::from_millis(*latency), *whole).await
        }
    }
}

async fn measured(world: &mut World, arguments: &Arguments, quick: bool, also: &[String]) -> Result<(), Failed> {
    let ours = ours(arguments)?;
    let recording = arguments.out.canonicalize()?.join("recording.json");
    record(world, &ours, &recording).await?;
    let mut variants = vec![ours.clone()];
    for change in also {
        variants.push(changed(&ours, change)?);
    }
    variants.push(floor(world, &recording)?);
    variants.extend(Variant::rivals(&arguments.rivals)?);
    let often = |condition| if quick { Often::quick() } else { Often::usual(condition) };
    let report = run(world, &variants, often).await?;
    print!("{}", table::text(&report));
    std::fs::write(arguments.out.join("bench.json"), serde_json::to_string_pretty(&report)?)?;
    std::fs::write(arguments.out.join("bench.svg"), picture::svg(&report))?;
    println!("\n{}/bench.json and bench.svg", arguments.out.display());
    Ok(())
}

fn changed(ours: &Variant, change: &str) -> Result<Variant, Failed> {
    let (name, set) =
        change.split_once(':').ok_or_else(|| format!("{change}: expected NAME:VARIABLE=VALUE or NAME:FILE"))?;
    let ours = Variant { name: name.to_owned(), ..ours.clone() };
    match set.split_once('=') {
        Some((variable, value)) => Ok(Variant { artifact: None, ..ours }.with(variable, value)),
        None => {
            let other = Path::new(set).canonicalize().map_err(|error| format!("{set}: {error}"))?;
            Ok(Variant { environment: ours.environment, ..Variant::program(name, &other) })
        }
    }
}

/// It stands beside this program.
fn floor(world: &World, recording: &Path) -> Result<Variant, Failed> {
    let program = std::env::current_exe()?.with_file_name("nightshift-bench-floor");
    let floor = Variant::program(FLOOR, &program).with(floor::RECORDING, recording.display().to_string());
    Ok(floor.with(floor::TRUST, world.authority.alone.display().to_string()))
}

fn named(arguments: &Arguments, name: &str) -> Result<Variant, Failed> {
    if name == OURS {
        return ours(arguments);
    }
    let rivals = Variant::rivals(&arguments.rivals)?;
    let found = rivals.into_iter().find(|rival| rival.name == name);
    found.ok_or_else(|| format!("no rival {name:?} in {}", arguments.rivals.display()).into())
}

fn ours(arguments: &Arguments) -> Result<Variant, Failed> {
    let beside = std::env::current_exe()?.with_file_name("alarm-responder");
    let (responder, policy) = (arguments.responder.as_ref().unwrap_or(&beside), &arguments.policy);
    let cure = "cure: make bench, which builds it";
    let responder = responder.canonicalize().map_err(|error| format!("{}: {error}; {cure}", responder.display()))?;
    let policy = policy.canonicalize().map_err(|error| format!("{}: {error}", policy.display()))?;
    Ok(Variant::program(OURS, &responder).with("NIGHTSHIFT_POLICY", policy.display().to_string()))
}

/// As long as in the test that holds the budget.
const WHILE_BUDGETING: Duration = Duration::from_millis(100);

async fn budgeted(world: &mut World, ours: &Variant) -> Result<(), Failed> {
    world.cloud.delay(WHILE_BUDGETING);
    let mut life = Life::start(world, ours, None).await?;
    let (first, later) = (life.event(world).await?, life.event(world).await?);
    remedied(&later)?;
    let calls = Calls { sent: 0, received: 0, ..Calls::of(&life.init_book, &first.book, &later.book) };
    life.end().await;
    let case = later.book.case().ok_or("the event left no case in the ledger")?;
    std::fs::write("bench/answers/case.json", format!("{case}\n"))?;
    Ok(std::fs::write("bench/budget.toml", budget::written(&calls)?)?)
}

const WEIGHTS: &str = "bench/weight.toml";

fn weighed(write: bool, only: Option<&str>) -> Result<(), Failed> {
    let program = std::env::current_exe()?;
    let found = Weights::weigh(Path::new("."), program.parent().unwrap_or(Path::new(".")), only)?;
    let may = std::fs::read_to_string(WEIGHTS).map(|text| toml::from_str::<Weights>(&text));
    if write {
        let written = match (only, may) {
            (Some(_), Ok(may)) => may?.with(found),
            _ => found,
        };
        return Ok(std::fs::write(WEIGHTS, toml::to_string(&written)?)?);
    }
    let may = may.map_err(|error| format!("{WEIGHTS}: {error}; cure: make budget BUDGET=--write"))??;
    let may = only.into_iter().fold(may, Weights::of);
    print!("{}", may.text(&found));
    if (&may.compiler, &may.architecture) != (&found.compiler, &found.architecture) {
        println!("{WEIGHTS} is of {} on {}: nothing is held here", may.compiler, may.architecture);
        return Ok(());
    }
    let over = may.over(&found);
    if over.is_empty() {
        return Ok(());
    }
    Err(format!("{}\nif it is meant: make budget BUDGET=--write", over.join("\n")).into())
}

async fn look(world: &mut World, variant: &Variant, latency: Duration, whole: bool) -> Result<(), Failed> {
    world.cloud.delay(latency);
    let mut life = Life::start(world, variant, None).await?;
    println!(
        "{}: init {:.1} ms, {} connections, {} requests that ask for nothing",
        variant.name,
        life.init.as_secs_f64() * 1000.0,
        life.init_book.connections,
        life.init_book.blank
    );
    let first = life.event(world).await?;
    println!("\nfirst event: {:.1} ms, {} connections", first.took.as_secs_f64() * 1000.0, first.book.connections);
    println!("{}", listed(&first.book, first.at));
    let later = life.event(world).await?;
    println!("later event: {:.1} ms, {} connections", later.took.as_secs_f64() * 1000.0, later.book.connections);
    println!("{}", listed(&later.book, later.at));
    println!("{}", serde_json::to_string_pretty(&Calls::of(&life.init_book, &first.book, &later.book))?);
    if whole {
        for (round, call) in later.book.rounds() {
            println!("\nround {round} {}: {}", call.operation, call.request.body);
        }
        println!("\n{:?}", later.answer);
    }
    let usage = life.usage()?;
    println!("CPU {:.1} ms, peak {:.1} MB", usage.cpu.as_secs_f64() * 1000.0, usage.peak_rss as f64 / 1e6);
    life.end().await;
    Ok(())
}
