//! A mail server that is not ours.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The server. Dropping it ends it.
#[derive(Debug)]
pub struct MailServer {
    /// Settings of a helpline that sends its mail there.
    pub settings: String,
    /// Where it listens, on this machine.
    pub port: String,
    lines: Lines<BufReader<ChildStdout>>,
    process: Child,
}

impl MailServer {
    /// A server in this Python, on a port of its own.
    pub async fn start(python: &Path) -> Self {
        Self::start_at(python, "0").await
    }

    /// The same at this port.
    pub async fn start_at(python: &Path, port: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("client/receive_mail.py");
        let mut command = Command::new(python);
        command.arg(script).arg(port).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("Python");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let port = lines.next_line().await.expect("its output").expect("a port");
        let settings = format!(
            "[channels]\nsmtp = \"smtp://127.0.0.1:{port}\"\nmail_from = \"desk@helpline.example\"\n"
        );
        Self { settings, port, lines, process }
    }

    /// Ends it, as a power cut would.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("it ends");
    }

    /// The next mail that it takes: `to`, `content` as it was sent, `text` as it is read.
    pub async fn next(&mut self) -> Value {
        let line = self.lines.next_line().await.expect("its output").expect("a mail");
        serde_json::from_str(&line).expect("JSON")
    }

    /// The link to these pages in the next mail.
    pub async fn next_link(&mut self, base: &str) -> String {
        let mail = self.next().await;
        let text = mail["text"].as_str().expect("a text");
        let links: Vec<_> = text.lines().filter(|line| line.starts_with(base)).collect();
        assert_eq!(links.len(), 1, "{mail}");
        links[0].trim().to_owned()
    }
}
