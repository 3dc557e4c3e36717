//! Tells a URL, as Standard Webhooks 1.0 has it: a thin body, signed, with an id that stays the same.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use helpline_service_kit::workers::WorkerError;
use helpline_store::delivery::sending::Outgoing;
use helpline_vault::SigningKey;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde_json::json;

use crate::address::Targets;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// What came of telling somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// It arrived.
    Arrived(String),
    /// It did not. The other side may have asked to be left alone for a while.
    NotNow {
        /// What happened, as a key.
        result: String,
        /// Whether the other side has too much to do, and for how long if it says so.
        throttle: Option<Option<Duration>>,
    },
    /// The other side says that it is gone for good.
    Gone,
    /// It cannot be sent at all, as a key.
    Never(&'static str),
}

impl Told {
    /// It did not arrive, for no reason that the other side gave.
    pub(crate) fn not_now(result: &str) -> Self {
        Self::NotNow { result: result.to_owned(), throttle: None }
    }
}

/// The HTTP client for webhooks: no redirects, no proxy, no cookies, and no connection to where it may not go.
#[derive(Clone, Debug)]
pub struct Webhooks {
    client: Client,
    targets: Targets,
}

impl Webhooks {
    /// A client that may go to these targets. Error: the system gives no TLS.
    pub fn new(targets: Targets) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .https_only(targets == Targets::Public)
            .connect_timeout(CONNECT)
            .dns_resolver(Arc::new(Guarded(targets)))
            .user_agent("Helpline")
            .build()?;
        Ok(Self { client, targets })
    }

    /// Tells the URL of a delivery. Nothing of the answer but its status and Retry-After is read. Error: it cannot be signed.
    pub async fn tell(
        &self,
        outgoing: &Outgoing,
        url: &str,
        keys: &[SigningKey],
    ) -> Result<Told, WorkerError> {
        let Some(url) = Url::parse(url).ok().filter(|url| self.targets.allow_url(url)) else {
            return Ok(Told::Never("address_refused"));
        };
        self.post(outgoing, url, body(outgoing), keys).await
    }

    /// Posts a body, signed, with the id of the delivery. Error: it cannot be signed.
    pub(crate) async fn post(
        &self,
        outgoing: &Outgoing,
        url: Url,
        body: String,
        keys: &[SigningKey],
    ) -> Result<Told, WorkerError> {
        let (id, at) = (outgoing.delivery_id.to_string(), outgoing.now.timestamp());
        let body = body.into_bytes();
        let signatures = keys.iter().map(|key| key.sign(&id, at, &body)).collect::<Result<Vec<_>, _>>()?;
        let request = self
            .client
            .post(url)
            .timeout(outgoing.hurry.patience())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signatures.join(" "))
            .body(body);
        Ok(match request.send().await {
            Ok(answer) => understand(answer.status(), answer.headers(), outgoing.now),
            Err(error) => Told::not_now(explain(&error)),
        })
    }
}

/// The same with every try: ids, and when it was made.
fn body(outgoing: &Outgoing) -> String {
    let data = match (outgoing.child_alert_id, outgoing.referral_id, outgoing.crossborder_id) {
        (Some(alert), ..) => json!({"child_alert_id": alert.to_string()}),
        (_, Some(id), _) => json!({"referral_id": id.to_string(), "number": outgoing.number}),
        (.., Some(id)) => json!({"crossborder_id": id.to_string(), "number": outgoing.number}),
        _ => json!({
            "escalation_id": outgoing.escalation_id.map(|id| id.to_string()),
            "number": outgoing.number,
        }),
    };
    let made_at = outgoing.made_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({"type": outgoing.event, "timestamp": made_at, "data": data}).to_string()
}

fn understand(status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> Told {
    let result = format!("http_{}", status.as_u16());
    match status {
        status if status.is_success() => Told::Arrived(result),
        StatusCode::GONE => Told::Gone,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            let asked = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            Told::NotNow { result, throttle: Some(asked.and_then(|text| pause(text, now))) }
        }
        _ => Told::NotNow { result, throttle: None },
    }
}

/// What Retry-After says: seconds, or a date.
fn pause(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let until = |date: DateTime<_>| (date.with_timezone(&Utc) - now).to_std().unwrap_or_default();
    let seconds = text.trim().parse().map(Duration::from_secs).ok();
    seconds.or_else(|| DateTime::parse_from_rfc2822(text.trim()).map(until).ok())
}

/// Why there was no answer, as a key: the error itself names the URL.
fn explain(error: &reqwest::Error) -> &'static str {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = source {
        if inner.is::<NotAllowed>() {
            return "address_refused";
        }
        source = inner.source();
    }
    // Who does not answer a connection in time was told nothing.
    if error.is_connect() {
        "not_connected"
    } else if error.is_timeout() {
        "timed_out"
    } else {
        "broken_off"
    }
}

/// Resolves names to addresses that may be connected to. Asked with every connection, so that a name which meant something
/// else when it was written down leads nowhere.
struct Guarded(Targets);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let targets = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| targets.allow(address.ip())).collect();
            if allowed.is_empty() {
                return Err(NotAllowed.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// A name leads to no address that may be connected to.
#[derive(Clone, Copy, Debug)]
struct NotAllowed;

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no address that may be connected to")
    }
}

impl Error for NotAllowed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z").unwrap().with_timezone(&Utc);
        assert_eq!(pause("120", now), Some(Duration::from_mins(2)));
        assert_eq!(pause("Thu, 01 Jan 2026 00:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(pause("Wed, 31 Dec 2025 00:00:30 GMT", now), Some(Duration::ZERO));
        assert_eq!(pause("soon", now), None);
        assert_eq!(pause("-1", now), None);
    }

    #[tokio::test]
    async fn a_name_that_leads_to_the_own_machine_is_not_connected_to() {
        let client = Webhooks::new(Targets::Public).unwrap().client;
        let error = client.get("https://localhost:1/").send().await.unwrap_err();
        assert_eq!(explain(&error), "address_refused");
        let client = Webhooks::new(Targets::Any).unwrap().client;
        let error = client.get("http://localhost:1/").send().await.unwrap_err();
        assert_eq!(explain(&error), "not_connected");
    }
}
