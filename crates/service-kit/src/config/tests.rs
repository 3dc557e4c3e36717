use super::*;

const KEYS: &str = r#"
[keys]
seal = ["1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]
index = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
[database]
url = "postgres://server:PASSWORD@db/helpline"
"#;

#[test]
fn the_defaults_are_complete_and_only_secrets_are_missing() {
    let config = Config::from_toml("").unwrap();
    assert_eq!(config.database.pool_size, 16);
    assert_eq!(config.timing.presence_ttl(), Duration::from_secs(15));
    assert_eq!(config.telemetry.format, LogFormat::Text);
    let problems = config.check().unwrap_err().to_string();
    assert!(problems.contains("database.url is not set"), "{problems}");
    assert!(problems.contains("keys:"), "{problems}");
    assert_eq!(problems.lines().count(), 3, "{problems}");
}

#[test]
fn a_file_with_the_secrets_is_enough_to_start() {
    let config = Config::from_toml(KEYS).unwrap();
    config.check().unwrap();
    assert_eq!(config.database.migration_url(), "postgres://server:PASSWORD@db/helpline");
}

#[test]
fn neither_debug_nor_the_dump_shows_a_secret() {
    let config = Config::from_toml(KEYS).unwrap();
    let shown = format!("{config:?}\n{}", config.dump().unwrap());
    for secret in ["PASSWORD", "MDEyMzQ1", "ZmVkY2Jh"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("pool_size = 16") && shown.contains("url = \"[set]\""), "{shown}");
}

#[test]
fn an_error_names_the_key_and_what_is_expected_but_not_the_value() {
    let error = Config::from_toml("[keys]\nseal = \"SECRET\"\n").unwrap_err().to_string();
    assert!(error.contains("keys.seal: expected a sequence"), "{error}");
    assert!(!error.contains("SECRET"), "{error}");

    let error = Config::from_toml("[listen]\ngrpc = \"nowhere\"\n").unwrap_err().to_string();
    assert!(error.contains("listen.grpc: invalid socket address"), "{error}");

    let error = Config::from_toml("[limits]\nstreems = 1\n").unwrap_err().to_string();
    assert!(error.contains("there is no setting streems here; there are streams,"), "{error}");

    let error = Config::from_toml("[database]\nurl = \"SECRET\n").unwrap_err().to_string();
    assert!(!error.contains("SECRET"), "{error}");
}

#[test]
fn an_error_names_the_file_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("helpline.toml");
    std::fs::write(&file, "[telemetry]\nformat = \"xml\"\n").unwrap();
    let error = Config::load(Some(&file)).unwrap_err().to_string();
    assert!(error.contains("telemetry.format: expected one of text, json"), "{error}");
    assert!(error.contains("helpline.toml"), "{error}");
    let missing = folder.path().join("missing.toml");
    assert!(Config::load(Some(&missing)).unwrap_err().to_string().contains("there is no such file"));
}

#[test]
fn values_out_of_range_are_all_reported() {
    let toml = format!("{KEYS}pool_size = 0\n[timing]\nsweep_ms = 1\n[limits]\nmessage_bytes = 1\n");
    let problems = Config::from_toml(&toml).unwrap().check().unwrap_err().to_string();
    assert_eq!(problems.lines().count(), 4, "{problems}");
}
