//! The command line as people type it.

pub mod adopt;
pub mod simulate;

mod report;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub use report::{By, Report};
pub use simulate::{Incidents, Simulation};

use crate::drill::Wanted;

const EXIT_CODES: &str = "\
Exit codes:
  0  fine
  1  something is wrong with what you gave: a file, an event, the account's answer
  2  the command line itself is wrong
  3  decide: this build decides otherwise than the case says

Start here:
  nightshift demo                         watch a night, no account needed
  nightshift replay event.json            what would it make of this event?
  nightshift check config/nightshift.toml is my policy sound, and what does it mean?";

/// Takes the night shift of a team that runs services on Amazon ECS.
#[derive(Debug, Parser)]
#[command(name = "nightshift", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play a night on a simulated account and draw it as a page.
    ///
    /// The scenes: a bad release that is found after its rollout was over; a deployment that hangs; a release that
    /// was taken back and comes again; a load spike; a database that is down; a service that is only observed; events
    /// that arrive twice and late; a flaw in an image that runs. The functions are the real ones.
    #[command(
        after_help = "Examples:\n  nightshift demo\n  nightshift demo --seed 7 --out /tmp/another-night.html\n  \
                            nightshift demo --json | jq '.scenes[].incidents[].ending'"
    )]
    Demo {
        /// Another seed, another night.
        #[arg(long, default_value_t = crate::demo::scenes::AS_WRITTEN)]
        seed: u64,
        /// Print the night as one JSON document; no page, unless --out says so.
        #[arg(long)]
        json: bool,
        /// Where the page goes [default: target/nightshift/demo.html].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Run events through the functions on a simulated account, and explain.
    ///
    /// The function is recognised by the event's content: an alarm by any of its three ways, an AWS Health event,
    /// what ECS or CodeDeploy say of a deployment, a timer, a notice. The account comes from CASE.scenario.toml beside CASE.json, or from --scenario; without
    /// either a default account is assumed, and the answer says what: what an alarm tells is true there, what a
    /// deployment or a scan tells is not.
    #[command(after_help = "Examples:\n  nightshift replay events/alarm-responder/*.json\n  nightshift replay \
                            event.json --scenario night.toml --json\n  nightshift replay event.json --save-cases cases/")]
    Replay {
        /// Events as AWS delivers them, one JSON file each.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The account and the truth about it, for all the events.
        #[arg(long, value_name = "FILE")]
        scenario: Option<PathBuf>,
        /// Decide by this policy [default: that of a new stack].
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// One JSON object for each event, one on a line.
        #[arg(long)]
        json: bool,
        /// Keep the cases of the decisions here, for nightshift decide.
        #[arg(long, value_name = "DIR")]
        save_cases: Option<PathBuf>,
    },
    /// Make the decision of a stored case again.
    ///
    /// Prints the plan if this build decides as the case says; otherwise both plans and what differs, with exit
    /// code 3.
    #[command(
        after_help = "Examples:\n  nightshift case 20261120-0214-497105e4 > case.json\n  nightshift decide case.json"
    )]
    Decide {
        /// A case, as nightshift case or replay --save-cases writes it.
        #[arg(value_name = "CASE.json")]
        file: PathBuf,
    },
    /// Say what a decision rests on, and which single piece of evidence would have changed it.
    ///
    /// The evidence with its weights, the causes, the gate; then the decision once more for each piece that is left
    /// out, and the rules in the way of a remedy. The functions that decided do it again; docs/explain.md has the rest.
    #[command(after_help = "Examples:\n  nightshift explain case.json\n  nightshift explain case.json --json | jq -r \
                            '.changes[].without'")]
    Explain {
        /// A case, as nightshift case or replay --save-cases writes it.
        #[arg(value_name = "CASE.json")]
        file: PathBuf,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Say what a service has and lacks, and write the parameters of the stack that brings it.
    ///
    /// It looks at the service with your credentials and changes nothing: load balancer, logs, repository, alarms,
    /// scaling, task definition, and what IAM would let Nightshift do. It ends with what to deploy next.
    #[command(after_help = "Examples:\n  nightshift adopt prod/checkout --demo\n  nightshift adopt prod/checkout\n  \
                            nightshift adopt prod/mailer --queue mails --dead-letters mails-dead\n  nightshift adopt \
                            --all --json | jq -r '.services[] | select(.missing | index(\"signals\")) | .service'\n\n\
                            Region and credentials come from the environment. docs/adopt.md says what each line means.")]
    Adopt(adopt::AdoptArgs),
    /// Print an ECR lifecycle policy with a first rule that keeps what runs.
    ///
    /// It is printed for you to read and to apply: Nightshift writes no lifecycle policy, because one deletes images.
    #[command(after_help = "Examples:\n  nightshift keep-rule > policy.json\n  aws ecr get-lifecycle-policy \
                            --repository-name web --query lifecyclePolicyText --output text | nightshift keep-rule - > \
                            policy.json\n  aws ecr put-lifecycle-policy --repository-name web \
                            --lifecycle-policy-text file://policy.json")]
    KeepRule {
        /// The policy that is there, as JSON; `-` is the standard input. Without it, that rule alone.
        file: Option<PathBuf>,
    },
    /// Check a policy file and say in words what it means.
    ///
    /// The functions read it the same way and do not start with a wrong one: check before you deploy.
    #[command(after_help = "Example:\n  nightshift check config/nightshift.toml\n\nAll that is wrong is printed at \
                            once, a line each:\n  FILE:line:column: field: what is wrong; what is expected; what to \
                            write\n\ndocs/policy.md has every field.")]
    Check {
        /// A policy, config/nightshift.toml.
        file: PathBuf,
    },
    /// Stop all remedies, now; notices and pages go on.
    #[command(after_help = "Region, credentials and NIGHTSHIFT_HALT_PARAMETER come from the environment.")]
    Halt {
        /// Name of the SSM parameter, from the stack's outputs.
        #[arg(long, value_name = "NAME")]
        parameter: Option<String>,
    },
    /// Let remedies go on after a halt.
    #[command(after_help = "Region, credentials and NIGHTSHIFT_HALT_PARAMETER come from the environment.")]
    Resume {
        /// Name of the SSM parameter, from the stack's outputs.
        #[arg(long, value_name = "NAME")]
        parameter: Option<String>,
    },
    /// Ring a service's own alarm, as a game day, and tell what arrives when.
    ///
    /// It sets the alarm that fits the scenario, follows it through rule, function, ledger, notice and timer until its
    /// incident is over, and sets it back in any case, also after Ctrl-C. People are told, and paged if the service's
    /// mode and severity say so: without --yes it only says what it would do, and who would hear of it.
    #[command(after_help = "Examples:\n  nightshift drill prod/checkout --scenario bad-release\n  nightshift drill \
                            prod/checkout --scenario load --yes\n  nightshift drill prod/checkout --scenario dependency \
                            --yes --json | jq .missing\n\nExit codes: 0 if all that was waited for arrived, 1 if not.\n\
                            Region and credentials come from the environment; docs/drill.md lists what they must be \
                            allowed.")]
    Drill(Wanted),
    /// Fetch the case of a decision from the ledger.
    #[command(after_help = "Example:\n  nightshift case 20261120-0214-497105e4 --sequence 1 > case.json\n\n\
                            Region, credentials and NIGHTSHIFT_TABLE come from the environment.")]
    Case {
        /// The incident's id, from the foot of its message.
        incident: String,
        /// Number of the notice that the decision led to; the first is the one that opened it.
        #[arg(long, default_value_t = 1)]
        sequence: u32,
        /// Name of the ledger's table, from the stack's outputs.
        #[arg(long, value_name = "NAME")]
        table: Option<String>,
    },
    /// Report on what the ledger recorded.
    Report {
        /// On what.
        #[command(subcommand)]
        report: Report,
    },
    /// Measure the rules on simulated accounts.
    Simulate {
        /// Which rules.
        #[command(subcommand)]
        simulation: Simulation,
    },
    /// Print a completion script for a shell.
    #[command(
        after_help = "Example:\n  nightshift completions bash > ~/.local/share/bash-completion/completions/nightshift"
    )]
    Completions {
        /// Which shell.
        shell: Shell,
    },
}
