//! The web server of an agency: takes webhooks as Standard Webhooks 1.0 has them, believes only what is signed, and hears
//! what comes twice once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// How old a message may be, in seconds: what was listened in on cannot be played again later.
const TOLERANCE: u64 = 300;

/// Something that was told, and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What happened, for example `escalation.notified`.
    pub event: String,
    /// The escalation it happened to.
    pub escalation_id: String,
}

/// The server, on a free port of this machine. Dropping it closes it.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    desk: Arc<Desk>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct Desk {
    key: OnceLock<hmac::Key>,
    heard: Mutex<HashSet<String>>,
    notices: mpsc::UnboundedSender<Notice>,
}

impl Receiver {
    /// Opens the server, and where its notices arrive. It believes nothing before [`Receiver::trust`].
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn open() -> Result<(Self, mpsc::UnboundedReceiver<Notice>)> {
        let (notices, arriving) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk { key: OnceLock::new(), heard: Mutex::default(), notices });
        let router = Router::new().route("/webhook", post(hear)).with_state(Arc::clone(&desk));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("cannot find a free port")?;
        let url = format!("http://{}/webhook", listener.local_addr()?);
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        }));
        Ok((Self { url, desk, _task: task }, arriving))
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Believes what is signed with this secret, `whsec_…`. The first secret stays.
    ///
    /// # Errors
    /// When it is none.
    pub fn trust(&self, secret: &str) -> Result<()> {
        let _ = self.desk.key.set(key(secret).context("the secret of a webhook")?);
        Ok(())
    }
}

fn key(secret: &str) -> Option<hmac::Key> {
    let bytes = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

async fn hear(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    #[expect(clippy::disallowed_methods, reason = "the agency has a clock of its own")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let genuine = desk.key.get().is_some_and(|key| is_genuine(key, &headers, &body, now));
    if !genuine {
        return StatusCode::UNAUTHORIZED;
    }
    let Some(notice) = read(&body) else { return StatusCode::BAD_REQUEST };
    let id = header(&headers, "webhook-id").unwrap_or_default().to_owned();
    if desk.heard.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
        // Nobody may be listening any longer.
        let _ = desk.notices.send(notice);
    }
    StatusCode::NO_CONTENT
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether it was signed with the key, lately. Of several signatures one is enough: secrets are changed.
fn is_genuine(key: &hmac::Key, headers: &HeaderMap, body: &[u8], now: u64) -> bool {
    let look = || {
        let (id, at) = (header(headers, "webhook-id")?, header(headers, "webhook-timestamp")?);
        let lately = at.parse::<u64>().ok()?.abs_diff(now) <= TOLERANCE;
        let signed = [format!("{id}.{at}.").as_bytes(), body].concat();
        let signatures = header(headers, "webhook-signature")?;
        let genuine = signatures.split(' ').filter_map(|one| one.strip_prefix("v1,")).any(|one| {
            STANDARD.decode(one).is_ok_and(|signature| hmac::verify(key, &signed, &signature).is_ok())
        });
        Some(lately && genuine)
    };
    look().unwrap_or_default()
}

fn read(body: &[u8]) -> Option<Notice> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(Notice {
        event: body.get("type")?.as_str()?.to_owned(),
        escalation_id: body.pointer("/data/escalation_id")?.as_str()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use helpline_vault::{SigningKey, SystemRandom};

    use super::*;

    const NOW: u64 = 1_800_000_000;
    const BODY: &[u8] = br#"{"type":"escalation.notified","data":{"escalation_id":"e1","number":7}}"#;

    /// Headers as the server sends them at [`NOW`].
    fn headers(signing: &SigningKey) -> HeaderMap {
        let signature = signing.sign("m1", i64::try_from(NOW).unwrap(), BODY).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", "m1".parse().unwrap());
        headers.insert("webhook-timestamp", NOW.to_string().parse().unwrap());
        headers.insert("webhook-signature", format!("v1,AAAA {signature}").parse().unwrap());
        headers
    }

    #[test]
    fn what_the_server_signs_is_believed_and_nothing_else() {
        let signing = SigningKey::shared(&SystemRandom);
        let key = key(&signing.shown().unwrap()).unwrap();
        let headers = headers(&signing);
        assert!(is_genuine(&key, &headers, BODY, NOW + 299));
        assert!(!is_genuine(&key, &headers, BODY, NOW + 301), "played again later");
        assert!(!is_genuine(&key, &headers, b"{}", NOW), "another body");
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            let mut altered = headers.clone();
            altered.insert(name, "1800000001".parse().unwrap());
            assert!(!is_genuine(&key, &altered, BODY, NOW), "{name} altered");
            altered.remove(name);
            assert!(!is_genuine(&key, &altered, BODY, NOW), "{name} missing");
        }
        let other = SigningKey::shared(&SystemRandom);
        assert!(!is_genuine(&super::key(&other.shown().unwrap()).unwrap(), &headers, BODY, NOW));
    }

    #[tokio::test]
    async fn what_comes_twice_is_heard_once_and_nothing_before_there_is_a_secret() {
        let (receiver, mut arriving) = Receiver::open().await.unwrap();
        #[expect(clippy::disallowed_methods, reason = "the receiver has a clock of its own")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let signing = SigningKey::shared(&SystemRandom);
        let mut headers = headers(&signing);
        let signature = signing.sign("m1", i64::try_from(now).unwrap(), BODY).unwrap();
        headers.insert("webhook-timestamp", now.to_string().parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        let tell = || hear(State(Arc::clone(&receiver.desk)), headers.clone(), Bytes::from_static(BODY));
        assert_eq!(tell().await, StatusCode::UNAUTHORIZED);
        assert!(receiver.trust("no secret").is_err());
        receiver.trust(&signing.shown().unwrap()).unwrap();
        assert_eq!((tell().await, tell().await), (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT));
        let notice = Notice { event: "escalation.notified".to_owned(), escalation_id: "e1".to_owned() };
        assert_eq!(arriving.recv().await, Some(notice));
        assert!(arriving.try_recv().is_err());
    }
}
