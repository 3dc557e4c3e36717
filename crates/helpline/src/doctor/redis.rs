//! Redis, which makes the line fast and can be done without.

use helpline_live::{Live, LiveError};
use helpline_service_kit::config::Config;
use uuid::Uuid;

use super::Finding;

const OLDEST: u32 = 7;

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    if config.redis.url.is_empty() {
        return vec![Finding::warn(
            "redis.url is not set: the line works from the database alone, slower",
            "set it for more than a few contacts a second, or for more than one server",
        )];
    }
    let facts = match Live::new(Some(config.redis.url.expose()), Uuid::nil()) {
        Ok(live) => live.facts().await,
        Err(error) => Err(error),
    };
    match facts {
        Ok(facts) => vec![version(&facts.version), eviction(&facts.eviction)],
        Err(LiveError::Away) => vec![Finding::fail(
            "Redis does not answer: until it does, the line works from the database alone",
            "is Redis running, and are host and password in redis.url right?",
        )],
        Err(error) => vec![Finding::fail(error.to_string(), "check redis.url and the log of Redis")],
    }
}

fn version(version: &str) -> Finding {
    let what = format!("Redis {version}");
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST => Finding::ok(what),
        _ => Finding::fail(what, "use Redis 7 or newer"),
    }
}

fn eviction(policy: &str) -> Finding {
    if policy == "noeviction" {
        Finding::ok("Redis keeps what it was given")
    } else {
        Finding::fail(
            format!("Redis drops entries when its memory is full (maxmemory-policy {policy})"),
            "set maxmemory-policy noeviction",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("7.0.15").level, Level::Ok);
        assert_eq!(version("10.1.0").level, Level::Ok);
        assert_eq!(version("6.2.1").level, Level::Fail);
        assert_eq!(version("").level, Level::Fail);
    }
}
