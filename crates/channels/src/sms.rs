//! Tells a telephone number that there is something to look at, through the gateway that the centre runs for SMS: it gets a
//! request as Standard Webhooks 1.0 has it, so that an adapter for any provider is a few lines.

use chrono::SecondsFormat;
use helpline_service_kit::config;
use helpline_service_kit::workers::WorkerError;
use helpline_store::delivery::sending::Outgoing;
use helpline_vault::SigningKey;
use reqwest::Url;
use serde_json::json;

use crate::ChannelsError;
use crate::address::Targets;
use crate::webhook::{Told, Webhooks};

/// The same for every escalation: a lock screen shows it to anybody.
const TEXT: &str = "Helpline: please sign in now. يرجى تسجيل الدخول الآن. Пожалуйста, войдите в систему.";

/// The gateway of the centre.
#[derive(Debug)]
pub struct Sms {
    client: Webhooks,
    url: Url,
    key: SigningKey,
}

impl Sms {
    /// The gateway of the configuration, if it names one. Error: its URL or the key cannot be used.
    pub fn new(config: &config::Channels) -> Result<Option<Self>, ChannelsError> {
        if config.sms_gateway.is_empty() {
            return Ok(None);
        }
        let url = Url::parse(config.sms_gateway.expose()).ok().filter(Url::has_host);
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        let key = SigningKey::parse(config.sms_key.expose()).map_err(|_| ChannelsError::SmsKey)?;
        // The engineer names it, and it usually stands in the same building.
        let client = Webhooks::new(Targets::Any)?;
        Ok(Some(Self { client, url: url.ok_or(ChannelsError::SmsGateway)?, key }))
    }

    /// Hands an SMS to the gateway, under an id that stays the same. It has arrived when the gateway has it. Error: the
    /// request cannot be signed.
    pub(crate) async fn tell(&self, outgoing: &Outgoing, number: &str) -> Result<Told, WorkerError> {
        let made_at = outgoing.made_at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let body =
            json!({"type": "sms.requested", "timestamp": made_at, "data": {"to": number, "text": TEXT}});
        let keys = std::slice::from_ref(&self.key);
        self.client.post(outgoing, self.url.clone(), body.to_string(), keys).await
    }
}
