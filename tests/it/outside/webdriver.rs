//! A browser, driven by keys: the few commands of W3C WebDriver that stories need.

use std::path::{Path, PathBuf};
use std::process::{Command as Run, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const PATIENCE: Duration = Duration::from_secs(20);
/// Keys as WebDriver names them.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const SPACE: &str = " ";
pub(crate) const DOWN: &str = "\u{e015}";

/// A browser with a profile of its own. Dropping it ends it.
pub(crate) struct Browser {
    _driver: Child,
    process: Option<i64>,
    session: String,
    client: Client,
}

impl Browser {
    /// Starts one that prefers this language; `None`, and the test counts as skipped, when there is none.
    pub(crate) async fn start(language: &str) -> Option<Self> {
        let program = helpline_devstack::web_driver()?;
        let mut command = Command::new(program);
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut driver = command.spawn().unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some(port) = line.split("successfully on port ").nth(1) {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let client = Client::builder().no_proxy().build().unwrap();
        // Tests run as root, whom the sandbox refuses; and they look at nothing but our own pages.
        let arguments = json!([
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--window-size=900,1000",
            format!("--lang={language}"),
            format!("--accept-lang={language}"),
            "--disable-background-networking"
        ]);
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments, "prefs": {"intl.accept_languages": language}},
        }}});
        let url = format!("http://127.0.0.1:{port}/session");
        let made = call(&client, Method::POST, &url, &wanted).await;
        let session = format!("{url}/{}", made["sessionId"].as_str().unwrap());
        let process = made["capabilities"]["goog:processID"].as_i64();
        Some(Self { _driver: driver, process, session, client })
    }

    async fn post(&self, command: &str, body: Value) -> Value {
        call(&self.client, Method::POST, &format!("{}/{command}", self.session), &body).await
    }

    pub(crate) async fn go(&self, url: &str) {
        self.post("url", json!({"url": url})).await;
    }

    /// What a script returns.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []})).await
    }

    /// What a script hands to its last argument.
    pub(crate) async fn ask_later(&self, script: &str) -> Value {
        self.post("execute/async", json!({"script": script, "args": []})).await
    }

    /// What can be read.
    pub(crate) async fn text(&self) -> String {
        self.ask("return document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until this can be read.
    pub(crate) async fn reads(&self, words: &str) {
        let begun = Instant::now();
        while !self.text().await.contains(words) {
            assert!(begun.elapsed() < PATIENCE, "no {words:?} in {}", self.text().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Presses keys one after another.
    pub(crate) async fn press(&self, keys: &str) {
        let strokes: Vec<_> = keys
            .chars()
            .flat_map(|key| {
                [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
            })
            .collect();
        self.post("actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]}))
            .await;
    }

    /// What has the focus: its words, or those of its label.
    pub(crate) async fn focused(&self) -> String {
        let script = "const e = document.activeElement;
            const label = e.labels && e.labels.length ? e.labels[0].innerText : '';
            return (label || e.innerText || '').trim()";
        self.ask(script).await.as_str().unwrap_or_default().to_owned()
    }

    /// Goes with the tabulator to what has these words.
    pub(crate) async fn tab_to(&self, words: &str) {
        let mut keys = 0;
        while self.focused().await != words {
            assert!(keys < 60, "no key leads to {words:?} in {}", self.text().await);
            self.press(TAB).await;
            keys += 1;
        }
    }

    /// Makes the window so wide, as a telephone is.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
        self.post("goog/cdp/execute", json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": screen}))
            .await;
    }

    /// The whole page as a picture, to be looked at.
    pub(crate) async fn picture(&self, name: &str) {
        let url = format!("{}/goog/cdp/execute", self.session);
        let size = "const e = document.documentElement; return {x: 0, y: 0, scale: 1, width: e.clientWidth, height: e.scrollHeight}";
        let whole = json!({"format": "png", "captureBeyondViewport": true, "clip": self.ask(size).await});
        let how = json!({"cmd": "Page.captureScreenshot", "params": whole});
        let shot = call(&self.client, Method::POST, &url, &how).await;
        let bytes = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(pictures().join(format!("{name}.png")), bytes).unwrap();
    }

    /// Ends the browser as somebody would who closes it.
    pub(crate) async fn quit(mut self) {
        call(&self.client, Method::DELETE, &self.session, &Value::Null).await;
        self.process = None;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver goes with its handle; the browser would stay when a test has failed.
        if let Some(browser) = self.process {
            let _ = Run::new("kill").args(["-KILL", &browser.to_string()]).stderr(Stdio::null()).status();
        }
    }
}

/// Where pictures go.
fn pictures() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&path).unwrap();
    path
}

async fn call(client: &Client, method: Method, url: &str, body: &Value) -> Value {
    let request = client.request(method, url).header("content-type", "application/json");
    let request = if body.is_null() { request } else { request.body(body.to_string()) };
    let answer = request.send().await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let value = answer["value"].clone();
    assert!(value.get("error").is_none(), "{url}: {value}");
    value
}
