//! A private helpline: PostgreSQL and Redis of its own, migrated, with a centre, ready to serve.
//!
//! Everything is done as an engineer would do it, with the commands of the `helpline` program.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use helpline_devstack::{Stack, StackOptions};
use helpline_vault::{BearerToken, KeyRing, Random as _, SystemRandom};
use uuid::Uuid;

use crate::server::{Launch, Server};

/// The database's name.
pub const DATABASE: &str = "helpline";
const ROLE: &str = "helpline_server";

/// How a house is built.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// With `fsync`, for benchmarks.
    pub durable: bool,
    /// Name of the directory for logs, beside the programs.
    pub name: &'static str,
    /// More lines of the configuration file.
    pub more_config: String,
}

/// A private stack with a migrated database, and the files to serve it. When it goes, everything goes but the logs.
#[derive(Debug)]
pub struct House {
    stack: Stack,
    program: PathBuf,
    directory: PathBuf,
    config: PathBuf,
    keys: Keys,
    server_password: String,
}

/// The keys of sealing, as the configuration file has them.
#[derive(Clone)]
pub struct Keys {
    /// The sealing key.
    pub seal: String,
    /// The key of blind indexes.
    pub index: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys")
    }
}

/// The directory of the `helpline` program: `HELPLINE_BIN_DIR`, else that of the running program.
///
/// # Errors
/// When neither can be found.
pub fn program_directory() -> Result<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one setting of the simulator that comes from the environment"
    )]
    let given = std::env::var_os("HELPLINE_BIN_DIR").filter(|value| !value.is_empty());
    if let Some(directory) = given {
        return Ok(directory.into());
    }
    let own = std::env::current_exe().context("cannot find the running program")?;
    own.parent().map(Path::to_owned).context("the running program is in no directory")
}

impl House {
    /// Starts PostgreSQL and Redis, creates the database and migrates it. Blocks; `say` gets a line for each step.
    ///
    /// # Errors
    /// What could not be started, with what to do.
    pub fn build(plan: &Plan, say: &mut dyn FnMut(&str)) -> Result<Self> {
        let programs = program_directory()?;
        let program = programs.join("helpline");
        if !program.is_file() {
            bail!(
                "{} is not there: build it with `cargo build -p helpline`, or set HELPLINE_BIN_DIR",
                program.display()
            );
        }
        let directory = own_directory(&programs.parent().unwrap_or(&programs).join(plan.name))?;
        say("Starting a private PostgreSQL and Redis");
        let options = StackOptions {
            durable: plan.durable,
            log_dir: Some(directory.clone()),
            ..StackOptions::default()
        };
        let stack = Stack::start(&options)?;
        stack.postgres.query("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
        let fill = |bytes: &mut [u8]| SystemRandom.fill(bytes);
        let keys = Keys { seal: KeyRing::generate_key(1, &fill), index: KeyRing::generate_index_key(&fill) };
        let mut password = [0; 16];
        SystemRandom.fill(&mut password);
        let server_password = Uuid::from_bytes(password).simple().to_string();
        let config = directory.join("helpline.toml");
        let house = Self { stack, program, directory, config, keys, server_password };
        house.write_config(&plan.more_config)?;
        say("Creating the tables: helpline migrate");
        house.helpline(&["migrate"])?;
        let password = &house.server_password;
        house.stack.postgres.query(DATABASE, &format!("ALTER ROLE {ROLE} PASSWORD '{password}'"))?;
        Ok(house)
    }

    /// The private servers.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Where the logs are; they stay.
    pub fn log_directory(&self) -> &Path {
        &self.directory
    }

    /// The keys of sealing.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The database's URL as the server's role.
    pub fn server_url(&self) -> String {
        self.stack.postgres.url_for(ROLE, &self.server_password, DATABASE)
    }

    /// Creates a centre and returns its id.
    ///
    /// # Errors
    /// What the command said.
    pub fn create_centre(&self, name: &str) -> Result<Uuid> {
        let output = self.helpline(&["centre", "create", "--name", name])?;
        words(&output)
            .find_map(|word| Uuid::parse_str(word).ok())
            .context("`helpline centre create` printed no id")
    }

    /// Creates a token for a role and returns its secret.
    ///
    /// # Errors
    /// What the command said.
    pub fn create_token(&self, centre: Uuid, role: &str, label: &str) -> Result<String> {
        let centre = centre.to_string();
        let output =
            self.helpline(&["token", "create", "--centre", &centre, "--role", role, "--label", label])?;
        words(&output)
            .find(|word| BearerToken::parse(word).is_ok())
            .map(str::to_owned)
            .context("`helpline token create` printed no token")
    }

    /// Imports a package of services into a centre.
    ///
    /// # Errors
    /// What the command said.
    pub fn import_services(&self, centre: Uuid, package: &Path) -> Result<()> {
        let (centre, package) = (centre.to_string(), package.to_string_lossy());
        self.helpline(&["services", "import", "--centre", &centre, &package]).map(drop)
    }

    /// Moves the clock by which deadlines are set and compared, as only the owner of the tables can.
    ///
    /// # Errors
    /// What the database said.
    pub fn move_clock(&self, seconds: i64) -> Result<()> {
        let sql = format!("UPDATE helpline.clock SET moved = moved + make_interval(secs => {seconds})");
        self.stack.postgres.query(DATABASE, &sql)?;
        Ok(())
    }

    /// Starts a server process; its log is named after `name`. Blocks until it is ready.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn serve(&self, name: &str) -> Result<Server> {
        let log = self.directory.join(format!("{name}.log"));
        Server::start(Launch { program: &self.program, config: &self.config, log: &log })
    }

    /// Runs a command of the `helpline` program and returns what it printed.
    fn helpline(&self, arguments: &[&str]) -> Result<String> {
        let shown = format!("helpline {}", arguments.join(" "));
        let output = Command::new(&self.program)
            .args(arguments)
            .arg("--config")
            .arg(&self.config)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{shown}` ended with {}:\n{}", output.status, said.trim_end());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The configuration has passwords and keys: nobody else may read it, and it goes with the house.
    fn write_config(&self, more: &str) -> Result<()> {
        let text = format!(
            "[database]\nurl = \"{}\"\nmigrate_url = \"{}\"\n\n[redis]\nurl = \"{}\"\n\n[keys]\nseal = [\"{}\"]\n\
             index = \"{}\"\n\n{more}\n",
            self.server_url(),
            self.stack.postgres_url(DATABASE),
            self.stack.redis_url(),
            self.keys.seal,
            self.keys.index,
        );
        let _ = fs::remove_file(&self.config);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.config)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("cannot write {}", self.config.display()))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.config);
    }
}

/// A directory for this run; those of runs that are over go. `kill -9` leaves one behind, with keys to nothing.
fn own_directory(parent: &Path) -> Result<PathBuf> {
    let directory = parent.join(std::process::id().to_string());
    let old = fs::read_dir(parent).into_iter().flatten().flatten().filter(|entry| {
        let id = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        id.is_some_and(|id| id == std::process::id() || !Path::new("/proc").join(id.to_string()).exists())
    });
    for entry in old {
        let _ = fs::remove_dir_all(entry.path());
    }
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    Ok(directory)
}

/// The words of a command's output, without quotes and colons around them.
fn words(output: &str) -> impl Iterator<Item = &str> {
    output.split_whitespace().map(|word| word.trim_matches(['"', '\'', ':', ',', '=', '`', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_a_token_are_found_in_what_a_command_prints() {
        let id = "018f4e1e-7a10-7c3e-8b7a-3a3f6f1f0a11";
        let found = words(&format!("centre: \"{id}\",\n")).find_map(|word| Uuid::parse_str(word).ok());
        assert_eq!(found.unwrap().to_string(), id);
        let token = BearerToken::generate(&SystemRandom);
        let output = format!("token 1 for administrator\n{}\n", token.expose());
        assert!(words(&output).any(|word| BearerToken::parse(word).is_ok()));
    }
}
