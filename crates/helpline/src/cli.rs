//! The command line.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is where the program speaks to people")]

mod centre;
mod keys;
mod serve;
mod services;
mod simulate;
mod token;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand, ValueEnum};
use helpline_service_kit::config::{Config, ConfigError};
use uuid::Uuid;

use crate::doctor;
use crate::server::Service;

/// Status of a program that was told something it cannot use, as in `sysexits.h`.
const BAD_CONFIGURATION: u8 = 64;

/// The helpline: takes in contacts of children, finds them a counsellor, keeps what is known.
#[derive(Debug, Parser)]
#[command(name = "helpline", version, arg_required_else_help = true)]
pub struct Arguments {
    /// Configuration file; every setting can also be given as HELPLINE_<SECTION>__<KEY>.
    #[arg(long, global = true, value_name = "FILE", env = "HELPLINE_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serves the API until it is told to stop (SIGTERM or Ctrl-C; a second one ends it at once).
    Serve {
        /// Which services this process runs.
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = Service::value_variants().to_vec())]
        services: Vec<Service>,
    },
    /// Brings the database to the schema of this version, as the owner of the tables.
    Migrate,
    /// Checks everything a server needs and says what to do about what is missing.
    Doctor {
        /// For people, or for machines.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Shows the configuration, or makes keys for it.
    Config {
        #[command(subcommand)]
        command: ConfigVerb,
    },
    /// Plays a shift in seconds: how long each class waits, how many counsellors it needs. Needs no configuration.
    Simulate(simulate::Play),
    /// Creates and lists centres, as the owner of the tables.
    Centre {
        #[command(subcommand)]
        command: CentreVerb,
    },
    /// Imports and exports the directory of services that children are referred to.
    Services {
        #[command(subcommand)]
        command: services::ServicesVerb,
    },
    /// Creates and revokes tokens, as the owner of the tables: for the first administrator, and for emergencies.
    Token {
        #[command(subcommand)]
        command: TokenVerb,
    },
}

/// How the doctor speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON document.
    Json,
}

#[derive(Debug, Subcommand)]
enum ConfigVerb {
    /// Prints the settings in force; secrets only as set or not.
    Dump,
    /// Prints fresh keys to paste into the configuration. Keep a copy: what they seal cannot be read without them.
    Keys,
}

#[derive(Debug, Subcommand)]
enum CentreVerb {
    /// Creates a centre and prints its id.
    Create {
        /// Name of the organisation.
        #[arg(long)]
        name: String,
        /// The number that is rung in an emergency until the centre has a plan of its own.
        #[arg(long, default_value = "112", value_name = "NUMBER")]
        emergency_number: String,
    },
    /// Lists all centres.
    List,
}

#[derive(Debug, Subcommand)]
enum TokenVerb {
    /// Creates a token and prints its secret, which is shown this once.
    Create {
        /// The centre, by id.
        #[arg(long)]
        centre: Uuid,
        /// What its bearer may be.
        #[arg(long, value_enum)]
        role: token::RoleName,
        /// What it is for.
        #[arg(long, default_value = "")]
        label: String,
        /// The counsellor who bears it, by id; exactly for the role counsellor.
        #[arg(long)]
        counsellor: Option<Uuid>,
        /// The agency whose responder bears it, by id; exactly for the role agency-responder.
        #[arg(long)]
        agency: Option<Uuid>,
        /// How long it lasts.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=400), value_name = "DAYS")]
        lifetime_days: u32,
    },
    /// Revokes a token.
    Revoke {
        /// The token, by id.
        #[arg(long)]
        token: Uuid,
    },
}

/// Runs the command; returns the program's exit status.
pub fn run(arguments: Arguments) -> ExitCode {
    let file = arguments.config.as_deref();
    if let Verb::Doctor { format } = arguments.command {
        return examine(file, format);
    }
    if let Verb::Simulate(play) = &arguments.command {
        return simulate::run(play);
    }
    if matches!(arguments.command, Verb::Config { command: ConfigVerb::Keys }) {
        print!("{}", keys::fresh());
        return ExitCode::SUCCESS;
    }
    // Before the runtime: a process with a configuration that it cannot use does nothing at all.
    let config = match Config::load(file).and_then(|config| usable(config, &arguments.command)) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("helpline: {error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    match act(&config, arguments.command) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("helpline: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes, but no cause that is in the text already.
fn in_words(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !words.contains(&cause) {
            if !words.is_empty() {
                words.push_str(": ");
            }
            words.push_str(&cause);
        }
    }
    words
}

/// A server needs everything; the engineer's commands need the database alone.
fn usable(config: Config, command: &Verb) -> Result<Config, ConfigError> {
    if matches!(command, Verb::Serve { .. }) {
        config.check()?;
    }
    Ok(config)
}

fn act(config: &Config, command: Verb) -> anyhow::Result<ExitCode> {
    match command {
        Verb::Serve { services } => return serve::serve(config, &services),
        Verb::Migrate => {
            let ran = runtime()?
                .block_on(helpline_store::migrate::migrate(owner_url(config)?))
                .context("the migration did not finish; it can be run again")?;
            let version = helpline_store::migrate::known_version();
            println!("{ran} migrations ran; the schema is at version {version}");
        }
        Verb::Config { command: ConfigVerb::Dump } => print!("{}", config.dump()?),
        Verb::Config { command: ConfigVerb::Keys } | Verb::Doctor { .. } | Verb::Simulate(_) => {}
        Verb::Centre { command } => {
            let owner_url = owner_url(config)?;
            match command {
                CentreVerb::Create { name, emergency_number } => {
                    let created = centre::create(owner_url, &name, &emergency_number);
                    println!("{}", runtime()?.block_on(created)?);
                }
                CentreVerb::List => print!("{}", runtime()?.block_on(centre::list(owner_url))?),
            }
        }
        Verb::Services { command } => return runtime()?.block_on(services::run(config, command)),
        Verb::Token { command } => {
            let owner_url = owner_url(config)?;
            match command {
                TokenVerb::Create { centre, role, label, counsellor, agency, lifetime_days } => {
                    let wish = token::Wish { centre, role, label, counsellor, agency, lifetime_days };
                    let created = runtime()?.block_on(token::create(owner_url, wish))?;
                    // The secret alone on standard output, so that it can go straight into a secret store.
                    eprintln!("token {}; its secret is shown this once:", created.token_id);
                    println!("{}", created.secret.expose());
                }
                TokenVerb::Revoke { token } => {
                    println!("{}", runtime()?.block_on(token::revoke(owner_url, token))?);
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn examine(file: Option<&Path>, format: Format) -> ExitCode {
    let findings = match runtime() {
        Ok(runtime) => runtime.block_on(doctor::examine(file)),
        Err(error) => {
            eprintln!("helpline: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    match format {
        Format::Text => print!("{}", doctor::as_text(&findings)),
        Format::Json => println!("{}", doctor::as_json(&findings)),
    }
    if doctor::is_well(&findings) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn owner_url(config: &Config) -> anyhow::Result<&str> {
    let url = config.database.migration_url();
    anyhow::ensure!(
        !url.is_empty(),
        "database.migrate_url is not set: write it in the file, or set HELPLINE_DATABASE__MIGRATE_URL=postgres://…"
    );
    Ok(url)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let error =
            anyhow::anyhow!("no route").context("the database is away: no route").context("not started");
        assert_eq!(in_words(&error), "not started: the database is away: no route");
    }

    #[test]
    fn fresh_keys_are_keys_that_a_server_takes() {
        let config = Config::from_toml(&keys::fresh()).unwrap();
        assert_eq!(config.keys.ring().unwrap().key_ids(), [1]);
        assert_ne!(keys::fresh(), keys::fresh());
    }
}
