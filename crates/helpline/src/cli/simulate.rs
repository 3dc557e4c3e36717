//! Plays a shift in seconds and says how long each class waits. Needs no configuration, no database and no Redis.

mod staffing;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

use anyhow::Context as _;
use clap::Args;
use helpline_simulation::compare::{Comparison, Wish, compare, json, sentences, table};
use helpline_simulation::picture::picture;
use helpline_simulation::policy::Policy;
use helpline_simulation::scenario::{Scenario, ScenarioError, built_in, names, text_of};
use helpline_simulation::staffing::around;

use super::{BAD_CONFIGURATION, Format};

/// What to play.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Play {
    /// A scenario that is built in (see --list), or a file.
    #[arg(long, default_value = "standard", value_name = "NAME|FILE")]
    scenario: String,
    /// Plays all policies side by side over the same contacts, not ours alone.
    #[arg(long, conflicts_with = "policy")]
    compare: bool,
    /// Plays this policy alone: fifo, strict, timed-targets, seconds-waited, edf or ours.
    #[arg(long, value_parser = policy)]
    policy: Option<Policy>,
    /// How many seeds; figures are means over them.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    seeds: u32,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Days measured for each seed, instead of those of the scenario.
    #[arg(long)]
    days: Option<f64>,
    /// For people, or for machines: then the last line is one JSON object.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Draws how long each class waits under each policy, and what more or fewer counsellors would do, into an SVG file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// How many counsellors this shift needs for every class to meet its goal.
    #[arg(long, conflicts_with_all = ["compare", "policy", "what_if"])]
    staff: bool,
    /// What would be different, such as counsellors=+1 or counsellors=-2.
    #[arg(long, value_name = "CHANGE", value_parser = change, conflicts_with_all = ["compare"])]
    what_if: Option<i32>,
    /// Lists the scenarios that are built in.
    #[arg(long)]
    list: bool,
    /// Prints the scenario as a file to edit.
    #[arg(long)]
    print: bool,
}

fn policy(key: &str) -> Result<Policy, String> {
    let known = || Policy::ALL.map(Policy::key).join(", ");
    Policy::from_key(key).ok_or_else(|| format!("there are {}", known()))
}

/// The change that `--what-if` names.
fn change(text: &str) -> Result<i32, String> {
    let number = text.strip_prefix("counsellors=").and_then(|number| number.parse().ok());
    number.ok_or_else(|| "what can be changed is counsellors=+1, counsellors=-2 and the like".to_owned())
}

/// A scenario with the text of the profile that it names.
struct Loaded {
    text: String,
    scenario: Scenario,
    profile: Option<String>,
}

/// Runs the command.
pub(super) fn run(play: &Play) -> ExitCode {
    if play.list {
        for name in names() {
            let description =
                built_in(name).and_then(Result::ok).map_or_else(String::new, |one| one.description);
            println!("{name:<16}{description}");
        }
        return ExitCode::SUCCESS;
    }
    match load(play).and_then(|loaded| answer(play, &loaded)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("helpline: {error:#}");
            ExitCode::from(BAD_CONFIGURATION)
        }
    }
}

fn load(play: &Play) -> anyhow::Result<Loaded> {
    let name = play.scenario.as_str();
    let (text, folder) = if let Some(text) = text_of(name) {
        (text.to_owned(), PathBuf::new())
    } else {
        {
            let path = Path::new(name);
            let text = std::fs::read_to_string(path).with_context(|| {
                format!(
                    "--scenario {name}: no such file; built in are {}",
                    names().collect::<Vec<_>>().join(", ")
                )
            })?;
            (text, path.parent().map(Path::to_owned).unwrap_or_default())
        }
    };
    let mut scenario = Scenario::parse(&text).with_context(|| format!("scenario {name}"))?;
    if scenario.name.is_empty() {
        name.clone_into(&mut scenario.name);
    }
    if let Some(days) = play.days {
        scenario.days = days;
        scenario.check().context("--days")?;
    }
    let profile = scenario.arrivals.profile.as_ref().map(|file| {
        let path = folder.join(file);
        std::fs::read_to_string(&path)
            .with_context(|| format!("arrivals.profile: {} cannot be read", path.display()))
    });
    Ok(Loaded { text, scenario, profile: profile.transpose()? })
}

fn answer(play: &Play, loaded: &Loaded) -> anyhow::Result<()> {
    if play.print {
        print!("{}", loaded.text);
        return Ok(());
    }
    if play.staff {
        return staffing::needed(play, loaded);
    }
    if let Some(change) = play.what_if {
        return staffing::changed(play, loaded, change);
    }
    let one = [play.policy.unwrap_or(Policy::Ours)];
    let policies = if play.compare { &Policy::ALL[..] } else { &one[..] };
    let comparison = played(play, loaded, &loaded.scenario, policies)?;
    match play.format {
        Format::Json => println!("{}", json(&comparison)),
        Format::Text => print!("{}\n{}", table(&comparison), sentences(&comparison)),
    }
    if let Some(file) = &play.svg {
        draw(play, loaded, &comparison, file)?;
    }
    Ok(())
}

/// Writes the picture: the policies that were played, and the counsellors around those of the scenario.
fn draw(play: &Play, loaded: &Loaded, comparison: &Comparison, file: &Path) -> anyhow::Result<()> {
    let now = loaded.scenario.counsellors.count;
    let wish = wish(play, loaded, &loaded.scenario, &[]);
    let points = around(&wish, now, &|counsellors| said(&format!("{counsellors} counsellors")))?;
    std::fs::write(file, picture(comparison, &points)?).with_context(|| format!("--svg {}", file.display()))
}

/// Says something to whoever watches.
fn said(text: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("{text}");
    }
}

fn wish<'a>(play: &Play, loaded: &'a Loaded, scenario: &'a Scenario, policies: &'a [Policy]) -> Wish<'a> {
    Wish {
        scenario,
        profile: loaded.profile.as_deref(),
        policies,
        seed: play.seed,
        seeds: play.seeds,
        threads: available_parallelism().map_or(1, usize::from),
    }
}

/// Plays a scenario on all cores, and says how far it is to whoever watches.
fn played(
    play: &Play,
    loaded: &Loaded,
    scenario: &Scenario,
    policies: &[Policy],
) -> Result<Comparison, ScenarioError> {
    let wish = wish(play, loaded, scenario, policies);
    let watched = std::io::stderr().is_terminal();
    let progress = |done: u32, all: u32| {
        if watched {
            eprint!("\r{}: {done} of {all} seeds{}", scenario.name, if done == all { "\n" } else { "" });
        }
    };
    compare(&wish, &progress)
}
