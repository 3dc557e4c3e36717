//! Settings: embedded defaults, then a file, then the environment. Read once at start and passed on as a value.

mod console;
mod secret;

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format as _, Toml};
use serde::{Deserialize, Serialize};

pub use console::Console;
pub use secret::Secret;

/// Every setting with its default and its meaning, as a file to start from.
pub const DEFAULTS: &str = include_str!("config/default.toml");

/// The settings of a process. `default.toml` documents each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Postgres.
    pub database: Database,
    /// Redis.
    pub redis: Redis,
    /// Addresses to listen on.
    pub listen: Listen,
    /// Keys of sealing.
    pub keys: Keys,
    /// Logs and spans.
    pub telemetry: Telemetry,
    /// What there may be at most.
    pub limits: Limits,
    /// How often and how long.
    pub timing: Timing,
    /// Channels to the outside.
    pub channels: Channels,
    /// Pages for a browser.
    pub console: Console,
    /// For tests only.
    pub testing: Testing,
}

/// Postgres.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// URL as the server's role.
    pub url: Secret,
    /// URL as the owner of the tables; empty for the same.
    pub migrate_url: Secret,
    /// Connections at most.
    pub pool_size: usize,
    /// Longest wait for a connection, in milliseconds.
    pub wait_ms: u64,
}

impl Database {
    /// Longest wait for a connection.
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }

    /// The URL for migrations.
    pub fn migration_url(&self) -> &str {
        if self.migrate_url.is_empty() { self.url.expose() } else { self.migrate_url.expose() }
    }
}

/// Redis.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// URL; empty to work without it.
    pub url: Secret,
}

/// Addresses to listen on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// The gRPC API.
    pub grpc: SocketAddr,
    /// Metrics and probes.
    pub metrics: SocketAddr,
}

/// Keys of sealing, as [`helpline_vault::KeyRing::parse`] reads them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Sealing keys; the first seals.
    pub seal: Vec<Secret>,
    /// Index key.
    pub index: Secret,
}

impl Keys {
    /// The key ring. Error: which key cannot be used.
    pub fn ring(&self) -> Result<helpline_vault::KeyRing, ConfigError> {
        let seal: Vec<_> = self.seal.iter().map(|key| key.expose().to_owned()).collect();
        helpline_vault::KeyRing::parse(&seal, self.index.expose()).map_err(|error| {
            ConfigError(vec![format!("keys: {error}; `helpline config keys` makes new ones")])
        })
    }
}

/// Logs and spans.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// Filter of log lines.
    pub log: String,
    /// Shape of log lines.
    pub format: LogFormat,
    /// Address of a collector; empty for none.
    pub otlp: String,
}

/// Shape of log lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// What there may be at most.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Open streams in this process.
    pub streams: usize,
    /// Open streams of one token.
    pub streams_per_token: usize,
    /// Bytes of a request.
    pub message_bytes: usize,
}

/// How often and how long.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Pace of workers, in milliseconds.
    pub sweep_ms: u64,
    /// Presence without a sign of life, in seconds.
    pub presence_ttl_s: u64,
    /// Age of a connection, in seconds.
    pub connection_age_s: u64,
    /// Grace at the end, in seconds.
    pub shutdown_grace_s: u64,
}

impl Timing {
    /// Pace of workers.
    pub fn sweep(&self) -> Duration {
        Duration::from_millis(self.sweep_ms)
    }

    /// Presence without a sign of life.
    pub fn presence_ttl(&self) -> Duration {
        Duration::from_secs(self.presence_ttl_s)
    }

    /// Age of a connection.
    pub fn connection_age(&self) -> Duration {
        Duration::from_secs(self.connection_age_s)
    }

    /// Grace at the end.
    pub fn shutdown_grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace_s)
    }
}

/// Channels to the outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    /// Whether webhooks may go to private addresses, and without TLS.
    pub private_targets: bool,
    /// URL of the mail server; empty for none.
    pub smtp: Secret,
    /// Address that mail comes from.
    pub mail_from: String,
    /// URL of the centre's gateway for SMS; empty for none.
    pub sms_gateway: Secret,
    /// What requests to the gateway are signed with.
    pub sms_key: Secret,
}

/// For tests only.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Testing {
    /// Where to die; empty for nowhere.
    pub kill_at: String,
    /// Whether personal data is stored unsealed.
    pub plain: bool,
}

/// What is wrong with the settings: for each key where it came from and what to do. Shows no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration cannot be used:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// The defaults, changed by `file` if there is one, changed by variables `HELPLINE_<SECTION>__<KEY>`. Variables
    /// without `__` are left to the command line. Error: what cannot be read; see also [`Config::check`].
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError(vec![format!("{}: there is no such file", file.display())]));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let environment = Env::prefixed("HELPLINE_").filter(|key| key.as_str().contains("__")).split("__");
        Self::extract(&figment.merge(environment))
    }

    /// The defaults, changed by this TOML: for tests and tools.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::from_toml_layers(&[text])
    }

    /// The same with several, of which the later wins.
    pub fn from_toml_layers(texts: &[&str]) -> Result<Self, ConfigError> {
        let defaults = Figment::from(Toml::string(DEFAULTS));
        Self::extract(&texts.iter().fold(defaults, |figment, text| figment.merge(Toml::string(text))))
    }

    fn extract(figment: &Figment) -> Result<Self, ConfigError> {
        figment
            .extract()
            .map_err(|errors| ConfigError(errors.into_iter().map(|error| explain(&error)).collect()))
    }

    /// Whether a server can start with these settings. Error: everything that is missing or out of range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        let mut need = |good: bool, problem: &str| {
            if !good {
                problems.push(problem.to_owned());
            }
        };
        need(
            !self.database.url.is_empty(),
            "database.url is not set: write it in the file, or set HELPLINE_DATABASE__URL=postgres://…",
        );
        need((1..=1000).contains(&self.database.pool_size), "database.pool_size must be from 1 to 1000");
        need((1..=60_000).contains(&self.database.wait_ms), "database.wait_ms must be from 1 to 60000");
        need(self.limits.streams >= 1, "limits.streams must be 1 or more");
        need(self.limits.streams_per_token >= 1, "limits.streams_per_token must be 1 or more");
        need(
            (65_536..=16_777_216).contains(&self.limits.message_bytes),
            "limits.message_bytes must be from 65536 to 16777216",
        );
        need((10..=60_000).contains(&self.timing.sweep_ms), "timing.sweep_ms must be from 10 to 60000");
        need((1..=300).contains(&self.timing.presence_ttl_s), "timing.presence_ttl_s must be from 1 to 300");
        need(
            (60..=86_400).contains(&self.timing.connection_age_s),
            "timing.connection_age_s must be from 60 to 86400",
        );
        need(self.timing.shutdown_grace_s <= 600, "timing.shutdown_grace_s must be at most 600");
        need(
            self.console.base_url.is_empty() || self.console.base_can_be_used(),
            "console.base_url must be https://host, or http:// and an address of this machine, without a path",
        );
        need(
            self.console.api_can_be_used(),
            "console.api must be empty, or where the API is: http://host:50051",
        );
        need(
            self.testing.kill_at.is_empty() || crate::fail_point::COMPILED_IN,
            "testing.kill_at is set, but this build has no fail points: remove it",
        );
        need(
            !self.testing.plain || cfg!(feature = "testing"),
            "testing.plain is set, but this build always seals: remove it",
        );
        if let Err(ConfigError(keys)) = self.keys.ring() {
            problems.extend(keys);
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError(problems)) }
    }

    /// The settings in force as TOML, with `[set]` in the place of every secret that is set.
    pub fn dump(&self) -> Result<String, ConfigError> {
        toml::to_string_pretty(self).map_err(|error| ConfigError(vec![error.to_string()]))
    }
}

/// One problem in words: key, source, what is expected. Never the value, which may be a secret.
fn explain(error: &figment::Error) -> String {
    let key = error.path.join(".");
    let source = error.metadata.as_ref().map_or_else(
        || "unknown source".to_owned(),
        |metadata| match &metadata.source {
            Some(source) => source.to_string(),
            None => metadata.name.to_string(),
        },
    );
    let problem = match &error.kind {
        Kind::InvalidType(_, expected)
        | Kind::InvalidValue(_, expected)
        | Kind::InvalidLength(_, expected) => {
            format!("expected {expected}")
        }
        Kind::UnknownVariant(_, known) => format!("expected one of {}", known.join(", ")),
        Kind::UnknownField(name, known) => {
            format!("there is no setting {name} here; there are {}", known.join(", "))
        }
        Kind::MissingField(name) => format!("{name} is missing"),
        Kind::DuplicateField(name) => format!("{name} is there twice"),
        // A parser's message quotes the line after the first line break, and that line may hold a secret.
        Kind::Message(message) => message.lines().next().unwrap_or_default().to_owned(),
        _ => "a value of another kind is expected".to_owned(),
    };
    let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
    format!("{key}{problem} (from {source})")
}

#[cfg(test)]
mod tests;
