//! The program as the engineer meets it: its words, its exit statuses, its signals.
#![expect(clippy::unwrap_used, reason = "helpers of tests: this is how they fail")]

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use helpline_devstack::{Database, Stack, StackHandle, StackOptions};
use tempfile::TempDir;

/// An empty database and a configuration that points to it.
struct Desk {
    folder: TempDir,
    database: Database,
    stack: &'static StackHandle,
}

impl Desk {
    fn new() -> Self {
        let stack = Stack::shared_or_start(&StackOptions::default()).unwrap();
        let template = stack.postgres.template_database("empty", |_| Ok(())).unwrap();
        let database = stack.postgres.create_database(&template).unwrap();
        let desk = Self { folder: tempfile::tempdir().unwrap(), database, stack };
        let keys = desk.run_bare(&["config", "keys"]);
        assert!(keys.status.success());
        let server =
            stack.postgres.socket_url(desk.database.name()).replacen("postgres@", "helpline_server@", 1);
        let toml = format!(
            "{}[database]\nurl = \"{server}\"\nmigrate_url = \"{}\"\n[redis]\nurl = \"{}\"\n\
             [listen]\ngrpc = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\n[telemetry]\nformat = \"json\"\n",
            text(&keys.stdout),
            desk.database.url(),
            stack.redis_url(),
        );
        std::fs::write(desk.file(), toml).unwrap();
        desk
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("helpline.toml")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn run_bare(&self, arguments: &[&str]) -> Output {
        program().args(arguments).current_dir(self.folder.path()).output().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        program().arg("--config").arg(self.file()).args(arguments).output().unwrap()
    }

    /// What a command that succeeds prints.
    fn told(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    /// What a command that fails says, and its status.
    fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        (output.status.code().unwrap(), text(&output.stderr))
    }

    fn serve(&self) -> Child {
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let mut command = program();
        command.arg("--config").arg(self.file()).arg("serve").stdout(Stdio::null()).stderr(log);
        let server = command.spawn().unwrap();
        wait_for("the server to listen", || self.log().contains("listening on"));
        server
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_helpline"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waiting for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn terminate(server: &Child) {
    let killed = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

#[test]
fn a_bad_configuration_ends_with_status_64_and_says_which_key_from_where() {
    let output = program().arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = text(&output.stderr);
    assert!(said.contains("database.url is not set") && said.contains("helpline config keys"), "{said}");

    let output = program().arg("serve").env("HELPLINE_LISTEN__GRPC", "nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = text(&output.stderr);
    assert!(said.contains("listen.grpc: invalid socket address") && said.contains("environment"), "{said}");
}

#[test]
fn an_engineer_sets_up_a_centre_and_serves_it() {
    let desk = Desk::new();
    let (status, said) = desk.refused(&["serve"]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("helpline migrate") || said.contains("helpline doctor"), "{said}");

    assert!(desk.told(&["migrate"]).contains("migrations ran; the schema is at version"));
    assert!(desk.told(&["migrate"]).starts_with("0 migrations ran"));
    assert_eq!(desk.refused(&["centre", "create", "--name", " "]).0, 1);
    let centre = desk.told(&["centre", "create", "--name", "مركز"]);
    assert!(desk.told(&["centre", "list"]).contains(&centre));

    let secret = desk.told(&["token", "create", "--centre", &centre, "--role", "administrator"]);
    assert!(secret.starts_with("hlp_"));
    let nowhere = "00000000-0000-0000-0000-000000000001";
    let (status, said) = desk.refused(&["token", "create", "--centre", nowhere, "--role", "adapter"]);
    assert!(status == 1 && said.contains("no such centre"), "{said}");
    let (status, said) = desk.refused(&["token", "create", "--centre", &centre, "--role", "counsellor"]);
    assert!(status == 1 && said.contains("--counsellor"), "{said}");
    let responder = ["token", "create", "--centre", &centre, "--role", "agency-responder"];
    let (status, said) = desk.refused(&responder);
    assert!(status == 1 && said.contains("--agency"), "{said}");
    let (status, said) = desk.refused(&[&responder[..], &["--agency", nowhere]].concat());
    assert!(status == 1 && said.contains("no such agency"), "{said}");
    let id = desk.database.query("SELECT token_id FROM helpline.tokens").unwrap()[0][0].clone().unwrap();
    assert!(desk.told(&["token", "revoke", "--token", &id]).starts_with("revoked"));
    assert!(desk.told(&["token", "revoke", "--token", &id]).starts_with("nothing to do"));

    let dump = desk.told(&["config", "dump"]);
    assert!(dump.contains("url = \"[set]\"") && !dump.contains("helpline_server"), "{dump}");
    let doctor = text(&desk.run(&["doctor", "--format", "json"]).stdout);
    assert!(doctor.contains("the database keeps centres apart"), "{doctor}");

    let mut server = desk.serve();
    terminate(&server);
    let status = server.wait().unwrap();
    let log = desk.log();
    assert!(status.success(), "{log}");
    assert!(log.contains("\"message\":\"finished\""), "{log}");
    assert!(!log.contains(&secret) && !log.contains(&desk.stack.redis_url()), "no secret in the log");
}

#[test]
fn an_engineer_imports_services_after_a_dry_run_and_exports_them() {
    let desk = Desk::new();
    desk.told(&["migrate"]);
    let centre = desk.told(&["centre", "create", "--name", "A centre"]);
    let package = desk.folder.path().join("package");
    std::fs::create_dir(&package).unwrap();
    let id = "00000001-0000-4000-8000-000000000001";
    let write = |rows: &str| {
        std::fs::write(package.join("services.csv"), format!("id,name,status\n{rows}")).unwrap();
    };
    let package = package.to_str().unwrap();
    let import = ["services", "import", "--centre", &centre, package];

    write(&format!("{id},A shelter,open\n"));
    let refused = desk.run(&import);
    assert!(!refused.status.success());
    let said = text(&refused.stdout);
    assert!(said.contains("services.csv, line 2, status: is not one of active"), "{said}");

    write(&format!("{id},A shelter,active\n"));
    let dry = desk.told(&[&import[..], &["--dry-run"]].concat());
    assert!(
        dry.contains("service: 1 new, 0 changed, 0 removed") && dry.contains("nothing was written"),
        "{dry}"
    );
    assert!(desk.told(&import).contains("service: 1 new"));
    assert!(desk.told(&import).contains("nothing changes"));

    let folder = desk.folder.path().join("exported");
    let folder = folder.to_str().unwrap();
    desk.told(&["services", "export", "--centre", &centre, folder]);
    let exported = std::fs::read_to_string(format!("{folder}/services.csv")).unwrap();
    assert!(exported.contains(id) && exported.contains("A shelter"), "{exported}");
    assert!(!desk.run(&["services", "export", "--centre", &centre, folder]).status.success(), "not empty");
    let nowhere = desk.run(&["services", "import", "--centre", id, package]);
    assert!(text(&nowhere.stderr).contains("no such centre"), "{}", text(&nowhere.stderr));
}

#[test]
fn a_signal_ends_a_server_that_waits_for_its_database() {
    let desk = Desk::new();
    let log = std::fs::File::create(desk.folder.path().join("log")).unwrap();
    let mut command = program();
    command.arg("--config").arg(desk.file()).arg("serve").stderr(log);
    let mut server = command.env("HELPLINE_DATABASE__URL", "postgres://x@127.0.0.1:1/x").spawn().unwrap();
    wait_for("the server to wait", || desk.log().contains("waiting for the database"));
    terminate(&server);
    assert!(server.wait().unwrap().success());
}
