//! What a server needs, and what a centre needs in an emergency, checked one by one, with what to do about what is missing.

mod database;
mod emergencies;
mod ports;
mod redis;

use std::fmt::Write as _;
use std::path::Path;

use helpline_service_kit::config::Config;
use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but somebody should know.
    Warn,
    /// It does not work.
    Fail,
}

/// One thing that was looked at. Holds no secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub what: String,
    /// What to do; empty when there is nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub advice: String,
}

impl Finding {
    fn ok(what: impl Into<String>) -> Self {
        Self { level: Level::Ok, what: what.into(), advice: String::new() }
    }

    fn warn(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Warn, what: what.into(), advice: advice.into() }
    }

    fn fail(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Fail, what: what.into(), advice: advice.into() }
    }
}

/// Looks at everything: the configuration in `file` and the environment, the database, emergencies, Redis, the ports.
pub async fn examine(file: Option<&Path>) -> Vec<Finding> {
    match Config::load(file) {
        Ok(config) => examine_with(&config).await,
        Err(error) => {
            vec![Finding::fail(error.to_string(), "correct it; `helpline config dump` shows the rest")]
        }
    }
}

/// The same with settings that were read.
pub async fn examine_with(config: &Config) -> Vec<Finding> {
    let mut findings = vec![match config.check() {
        Ok(()) => Finding::ok("the configuration is complete, the keys can be used"),
        Err(error) => Finding::fail(
            error.to_string(),
            "correct it; `helpline config keys` makes keys, `helpline config dump` shows what is set",
        ),
    }];
    if !config.testing.kill_at.is_empty() {
        findings.push(Finding::warn("testing.kill_at is set: the server will kill itself", "remove it"));
    }
    findings.extend(database::examine(config).await);
    findings.extend(emergencies::examine(config).await);
    findings.extend(redis::examine(config).await);
    findings.extend(ports::examine(config).await);
    findings
}

/// Whether nothing failed.
pub fn is_well(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.level != Level::Fail)
}

/// One line each, for people.
pub fn as_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let level = match finding.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        let arrow = if finding.advice.is_empty() { "" } else { "  → " };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{level}  {}{arrow}{}", finding.what, finding.advice);
    }
    text
}

/// One document, for machines: `{"well": …, "findings": [{"level": …, "what": …, "advice": …}]}`.
pub fn as_json(findings: &[Finding]) -> String {
    serde_json::json!({ "well": is_well(findings), "findings": findings }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_to_do() {
        let findings = [Finding::ok("keys"), Finding::warn("one standby is missing", "add it")];
        assert_eq!(as_text(&findings), "ok    keys\nwarn  one standby is missing  → add it\n");
        assert!(is_well(&findings));
        assert!(!is_well(&[Finding::fail("no database", "start it")]));
        let json: serde_json::Value = serde_json::from_str(&as_json(&findings)).unwrap();
        assert_eq!(json["findings"][1]["level"], "warn");
        assert_eq!(json["findings"][0]["advice"], serde_json::Value::Null);
    }

    #[tokio::test]
    async fn a_configuration_that_cannot_be_read_is_the_only_finding() {
        let findings = examine(Some(Path::new("/nowhere/helpline.toml"))).await;
        assert_eq!(findings.len(), 1);
        assert!(findings[0].what.contains("there is no such file"), "{findings:?}");
    }
}
