//! Private servers start, restart, are shared, and never stay behind.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use helpline_devstack::{
    Error, InstallPolicy, RedisStart, Stack, StackHandle, StackOptions, Template, ToolSettings, Tools,
};

fn start() -> Stack {
    Stack::start(&StackOptions::default()).unwrap()
}

fn one(stack: &Stack, sql: &str) -> String {
    stack.postgres.query("postgres", sql).unwrap()[0][0].clone().unwrap()
}

fn directory_of(handle: &StackHandle) -> PathBuf {
    handle.postgres.socket_dir().parent().unwrap().to_owned()
}

/// Every process whose command line names the directory.
fn processes_in(directory: &Path) -> Vec<String> {
    let needle = directory.to_str().unwrap();
    let lines = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines.filter(|line| line.contains(needle)).collect()
}

fn wait_until(what: &str, patience: Duration, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < patience, "{what}: not within {patience:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_stack_answers_and_an_orderly_stop_leaves_nothing() {
    let stack = start();
    assert_eq!(one(&stack, "SELECT 6 * 7"), "42");
    assert_eq!(stack.redis.command(&["PING"]).unwrap(), "PONG");
    let pids = [stack.postgres_pid().unwrap(), stack.redis_pid().unwrap()];
    let directory = directory_of(&stack);
    stack.stop();
    assert!(!directory.exists());
    for pid in pids {
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }
    assert_eq!(processes_in(&directory), Vec::<String>::new());
}

#[test]
fn nothing_stays_behind_when_the_owner_is_killed() {
    let mut owner = Command::new(env!("CARGO_BIN_EXE_helpline-devstack"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(owner.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let handle = StackHandle::from_json(&line).unwrap();
    let directory = directory_of(&handle);
    assert_eq!(handle.redis.command(&["PING"]).unwrap(), "PONG");
    assert!(processes_in(&directory).len() >= 2);

    owner.kill().unwrap();
    owner.wait().unwrap();
    // A quiet machine takes 0.3 s; the bound leaves room for a loaded one.
    wait_until("servers and directory gone", Duration::from_secs(20), || {
        !directory.exists() && processes_in(&directory).is_empty()
    });
}

#[test]
fn a_restarted_postgres_keeps_what_was_committed() {
    let stack = start();
    stack.postgres.query("postgres", "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").unwrap();
    let (port, pid) = (stack.postgres.port(), stack.postgres_pid());
    stack.restart_postgres().unwrap();
    assert_eq!(one(&stack, "SELECT n FROM kept"), "7");
    assert_eq!(stack.postgres.port(), port);
    assert_ne!(stack.postgres_pid(), pid);
}

#[test]
fn a_stopped_postgres_refuses_until_it_is_started() {
    let stack = start();
    stack.stop_postgres();
    stack.stop_postgres();
    assert!(matches!(stack.postgres.query("postgres", "SELECT 1"), Err(Error::Connection { .. })));
    stack.start_postgres().unwrap();
    assert_eq!(one(&stack, "SELECT 1"), "1");
}

#[test]
fn redis_restarts_empty_or_with_its_dump() {
    let stack = start();
    stack.redis.command(&["SET", "line", "kept"]).unwrap();
    let dump = stack.redis.dump().unwrap();
    assert!(fs::read(&dump).unwrap().windows(4).any(|part| part == b"kept"));
    stack.stop_redis();
    assert!(stack.redis.command(&["PING"]).is_err());
    assert_eq!(stack.redis_pid(), None);

    stack.start_redis(RedisStart::KeepData).unwrap();
    assert_eq!(stack.redis.command(&["GET", "line"]).unwrap(), "kept");
    stack.stop_redis();
    stack.start_redis(RedisStart::Empty).unwrap();
    assert_eq!(stack.redis.command(&["DBSIZE"]).unwrap(), "0");
}

#[test]
fn redis_with_an_append_only_file_keeps_what_it_acknowledged() {
    let stack = Stack::start(&StackOptions { redis_append_only: true, ..StackOptions::default() }).unwrap();
    stack.redis.command(&["SET", "line", "kept"]).unwrap();
    stack.stop_redis();
    stack.start_redis(RedisStart::KeepData).unwrap();
    assert_eq!(stack.redis.command(&["GET", "line"]).unwrap(), "kept");
}

#[test]
fn a_template_is_prepared_once_and_copied_after_that() {
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let key = format!("test of devstack {}", std::process::id());
    let template = Template {
        key,
        prepare: Arc::new(move |server| {
            counter.fetch_add(1, Ordering::SeqCst);
            server.query("postgres", "CREATE DATABASE prepared")?;
            server.query("prepared", "CREATE TABLE centre (n int); INSERT INTO centre VALUES (3)")?;
            Ok(())
        }),
    };
    for _ in 0..2 {
        let stack =
            Stack::start(&StackOptions { template: Some(template.clone()), ..StackOptions::default() })
                .unwrap();
        let rows = stack.postgres.query("prepared", "SELECT n FROM centre").unwrap();
        assert_eq!(rows, vec![vec![Some("3".to_owned())]]);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[test]
fn a_failing_preparation_is_reported_and_leaves_nothing() {
    let template = Template { key: "fails".to_owned(), prepare: Arc::new(|_| Err("no migrations".into())) };
    let error =
        Stack::start(&StackOptions { template: Some(template), ..StackOptions::default() }).unwrap_err();
    assert!(matches!(&error, Error::Prepare(reason) if reason.to_string() == "no migrations"), "{error}");
}

#[test]
fn tests_get_databases_of_their_own_from_one_template() {
    let stack = start();
    let runs = AtomicU32::new(0);
    let template = || {
        stack.postgres.template_database("migrations 1", |url| {
            assert!(url.starts_with("postgres://postgres:"));
            runs.fetch_add(1, Ordering::SeqCst);
            let name = url.rsplit('/').next().unwrap();
            stack.postgres.query(name, "CREATE TABLE contact (n int)")?;
            Ok(())
        })
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let database = stack.postgres.create_database(&template().unwrap()).unwrap();
                database.query("INSERT INTO contact VALUES (1)").unwrap();
                assert_eq!(
                    database.query("SELECT count(*) FROM contact").unwrap()[0][0].as_deref(),
                    Some("1")
                );
            });
        }
    });
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(one(&stack, "SELECT count(*) FROM pg_database WHERE datname LIKE 'test_%'"), "0");
}

#[test]
fn tcp_asks_for_the_password() {
    let stack = start();
    let hba = one(
        &stack,
        "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules WHERE type = 'host'",
    );
    assert_eq!(hba, "md5");
    assert!(stack.redis_url().starts_with("redis://:"));
    let mode = fs::metadata(stack.postgres.socket_dir()).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o700);
}

#[test]
fn durable_is_durable_and_settings_of_the_caller_win() {
    let durable = Stack::start(&StackOptions {
        durable: true,
        postgres_settings: vec![("max_connections".to_owned(), "37".to_owned())],
        ..StackOptions::default()
    })
    .unwrap();
    let settings = "SELECT string_agg(setting, ',' ORDER BY name) FROM pg_settings WHERE name IN ";
    let names = "('fsync', 'full_page_writes', 'synchronous_commit', 'max_connections')";
    assert_eq!(one(&durable, &format!("{settings}{names}")), "on,on,37,on");
    assert_eq!(one(&start(), &format!("{settings}{names}")), "off,off,200,on");
}

#[test]
fn a_log_directory_outlives_the_stack() {
    let directory = std::env::temp_dir().join(format!("helpline-devstack-log-{}", std::process::id()));
    let log_dir = Some(directory.clone());
    drop(Stack::start(&StackOptions { log_dir, ..StackOptions::default() }).unwrap());
    assert!(fs::read_to_string(directory.join("postgres.log")).unwrap().contains("ready to accept"));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_missing_program_is_an_error_that_says_what_to_do() {
    let settings = ToolSettings {
        postgres_bin: Some("/nonexistent".into()),
        install: InstallPolicy::Never,
        ..ToolSettings::default()
    };
    let said = Tools::find(&settings).unwrap_err().to_string();
    assert!(said.contains("HELPLINE_POSTGRES_BIN"), "{said}");
}
