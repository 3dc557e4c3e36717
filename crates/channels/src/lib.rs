//! Channels to the outside: agencies without a client of their own are told that there is something to look at.
//!
//! [`sender`] takes what is due and sends it; [`webhook`] is how a URL is told, [`mail`] an address, [`sms`] a number, and
//! [`address`] says where the server may connect at all. `EndpointService` says where agencies are told, `DeliveryService` what
//! came of it. Who is told by e-mail gets a link to a page of the console; `LinkService` is what the page asks: it exchanges
//! the link, once, for a visit.
//!
//! Invariants:
//! - what leaves the building names ids: who it is about is read with a token, and each look is on record;
//! - a delivery is sent at least once, always under the same id, by any replica; its result and what follows from it
//!   for the ladder of its escalation are one statement;
//! - a link opens one escalation or one referral for one agency, once and for a while; its token stands in the e-mail alone;
//! - an exercise never leaves the building;
//! - the server connects to public addresses only, whatever a name resolves to at that moment.
//!
//! Emits: `endpoint_created`, `endpoint_secret_rotated`, `endpoint_disabled`, `endpoint_enabled`, `delivery_ended`,
//! `delivery_replayed`, `link_made`, `link_opened`, `link_renewed`. Hears nothing: what is due is in Postgres.

pub mod address;
mod api;
mod create_endpoint;
mod get_visit;
mod list_deliveries;
mod list_endpoints;
pub mod mail;
mod measures;
mod open_link;
mod renew_link;
mod replay_delivery;
mod rotate_secret;
pub mod sender;
pub mod sms;
mod switch_endpoint;
pub mod webhook;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use helpline_proto::channels::v1::delivery_service_server::DeliveryServiceServer;
use helpline_proto::channels::v1::endpoint_service_server::EndpointServiceServer;
use helpline_proto::channels::v1::link_service_server::LinkServiceServer;
use helpline_service_kit::Ctx;
use helpline_service_kit::config;
use helpline_service_kit::lifecycle::Lifecycle;
use helpline_service_kit::workers::run;
use helpline_store::Store;
use helpline_vault::SystemRandom;
use tokio::sync::Notify;
use tonic::service::RoutesBuilder;

use crate::address::Targets;
use crate::api::Api;
use crate::mail::Mail;
use crate::measures::Measures;
use crate::sender::{Sender, Ways};
use crate::sms::Sms;
use crate::webhook::Webhooks;

/// Why the channels cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ChannelsError {
    /// There is no HTTP client to be had.
    #[error("the HTTP client does not start: {0}")]
    Client(#[from] reqwest::Error),
    /// The URL of the mail server cannot be used. It is not repeated: it may hold a password.
    #[error("channels.smtp is not a URL such as smtps://user:password@host or smtp://host:587?tls=required")]
    Smtp,
    /// The address that mail comes from is none.
    #[error("channels.mail_from is not an e-mail address")]
    MailFrom,
    /// The URL of the gateway for SMS cannot be used. It is not repeated: it may hold a password.
    #[error("channels.sms_gateway is not a URL such as https://gateway.example/sms")]
    SmsGateway,
    /// The key that requests to the gateway are signed with is none. It is not repeated.
    #[error(
        "channels.sms_key is not whsec_ with 32 bytes in base64 behind it: make one with `echo whsec_$(openssl rand -base64 32)`"
    )]
    SmsKey,
}

/// The channels of a process.
#[derive(Clone, Debug)]
pub struct Channels {
    ctx: Ctx,
    targets: Targets,
    webhooks: Webhooks,
    mail: Option<Mail>,
    sms: Arc<Option<Sms>>,
    pages: Option<String>,
    measures: Measures,
}

impl Channels {
    /// The channels over the means of the process; `pages` is where the console's pages are, if there are any. Error: the
    /// configuration cannot be used.
    pub fn new(ctx: Ctx, config: &config::Channels, pages: Option<String>) -> Result<Self, ChannelsError> {
        let targets = if config.private_targets { Targets::Any } else { Targets::Public };
        let measures = Measures::new(&ctx.metrics);
        Ok(Self {
            ctx,
            targets,
            webhooks: Webhooks::new(targets)?,
            mail: Mail::new(config)?,
            sms: Arc::new(Sms::new(config)?),
            pages,
            measures,
        })
    }

    /// Adds its gRPC services, which read messages of at most `longest` bytes.
    pub fn routes(&self, routes: &mut RoutesBuilder, longest: usize) {
        let api = Api { ctx: self.ctx.clone(), targets: self.targets };
        routes
            .add_service(EndpointServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(DeliveryServiceServer::new(api.clone()).max_decoding_message_size(longest))
            .add_service(LinkServiceServer::new(api).max_decoding_message_size(longest));
    }

    /// Starts to send what is due, over a store of its own: however many calls queue for a connection, it is sent.
    pub fn spawn(&self, store: Store, lifecycle: &Lifecycle, interval: Duration) {
        let ctx = Ctx { store, ..self.ctx.clone() };
        let ways = Ways {
            webhooks: self.webhooks.clone(),
            mail: self.mail.clone(),
            pages: self.pages.clone(),
            sms: Arc::clone(&self.sms),
        };
        let random = Arc::new(SystemRandom);
        let sender =
            Sender::new(ctx.clone(), ways, self.measures.clone(), random, lifecycle.clone(), interval);
        let soft = lifecycle.soft();
        lifecycle.spawn(async move {
            run(sender, &*ctx.clock, &ctx.metrics, &Notify::new(), &soft).await;
        });
    }
}
