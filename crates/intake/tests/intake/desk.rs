//! A centre of one test's own, with callers who speak to the use cases in the messages of the API.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use helpline_devstack::{Database, Stack, StackOptions};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::counsellor::{Abilities, Capacity};
use helpline_domain::id::{CentreId, ContactId, CounsellorId, OfferId};
use helpline_domain::presence::PresenceState;
use helpline_intake::{Received, Seen, wire};
use helpline_live::Live;
use helpline_proto::intake::v1 as api;
use helpline_proto::terms::v1 as terms;
use helpline_service_kit::clock::SystemClock;
use helpline_service_kit::hub::Hub;
use helpline_service_kit::ids::{Ids as _, SystemIds};
use helpline_service_kit::metrics::Metrics;
use helpline_service_kit::mirror::Mirror;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::offering::OfferDraft;
use helpline_store::{Change, Command, PoolOptions, Store, migrate, settings};
use helpline_vault::{KeyRing, SystemRandom, Vault};

/// A centre, its means and its database.
pub(crate) struct Desk {
    pub(crate) ctx: Ctx,
    pub(crate) database: Database,
    pub(crate) centre: CentreId,
}

/// A new id as the API writes it.
pub(crate) fn id() -> String {
    SystemIds.v4().to_string()
}

impl Desk {
    /// Opens a centre with default settings.
    pub(crate) async fn open() -> Self {
        let database = tokio::task::spawn_blocking(database).await.unwrap();
        let role = format!("desk_{}", database.name());
        database.query(&format!("CREATE ROLE {role} LOGIN PASSWORD 'desk' IN ROLE helpline_server")).unwrap();
        let centre = CentreId::from(SystemIds.v7());
        settings::create_centre(&database.url(), centre, "Desk", "112").await.unwrap();
        let ring =
            KeyRing::parse(&[format!("1:{}AQI=", "AQID".repeat(10))], &format!("{}BAU=", "BAUG".repeat(10)));
        let vault = Vault::new(ring.unwrap(), Arc::new(SystemRandom));
        let options =
            PoolOptions { url: database.url_for(&role, "desk"), size: 8, wait: Duration::from_secs(10) };
        let store = Store::new(&options, vault).unwrap();
        let mirror = Mirror::new(Hub::default(), Live::new(None, SystemIds.v4()).unwrap(), store.clone());
        let ctx = Ctx::new(store, Arc::new(SystemClock), Arc::new(SystemIds), Metrics::new(), mirror);
        Self { ctx, database, centre }
    }

    /// Somebody with a token of their own.
    pub(crate) fn caller(&self, role: Role) -> Caller {
        Caller {
            token_id: SystemIds.v4().into(),
            centre_id: self.centre,
            role,
            counsellor_id: None,
            agency_id: None,
            only: None,
        }
    }

    pub(crate) fn adapter(&self) -> Caller {
        self.caller(Role::ChannelAdapter)
    }

    /// A counsellor who is ready and speaks Arabic.
    pub(crate) async fn counsellor(&self) -> Caller {
        let id = CounsellorId::from(SystemIds.v7());
        let caller = Caller { counsellor_id: Some(id), ..self.caller(Role::Counsellor) };
        let abilities = Abilities {
            languages: vec!["ar".to_owned()],
            interpreted: Vec::new(),
            skills: BTreeMap::new(),
            capacity: Capacity { voice: 1, chat: 3, message: 10 },
        };
        let administrator = self.caller(Role::Administrator);
        let made = command(&administrator, "CreateCounsellor");
        let made = self.ctx.store.create_counsellor(&made, id, "Counsellor", &abilities).await.unwrap();
        assert!(matches!(made, Change::Done(_)));
        let ready = command(&caller, "SetPresence");
        let ready = self.ctx.store.set_presence(&ready, PresenceState::Ready, None, 300).await.unwrap();
        assert!(matches!(ready, Change::Done(_)));
        caller
    }

    /// Offers a waiting contact to a counsellor.
    pub(crate) async fn offer(&self, contact: ContactId, counsellor: &Caller) -> OfferId {
        let store = &self.ctx.store;
        let owner = SystemIds.v4();
        let lease = store.lease_matcher(self.centre, owner, 5.0).await.unwrap().unwrap();
        let offer_id = OfferId::from(SystemIds.v4());
        let draft = OfferDraft {
            offer_id,
            contact_id: contact,
            counsellor_id: counsellor.counsellor_id.unwrap(),
            timeout_s: 20,
            explanation: serde_json::json!({}),
            puts_aside: Vec::new(),
        };
        let made = store.commit_offers(self.centre, lease.epoch, &[draft]).await.unwrap();
        store.release_matcher(self.centre, owner).await.unwrap();
        assert_eq!(made.len(), 1);
        offer_id
    }

    /// Offers a waiting contact to a counsellor, who accepts.
    pub(crate) async fn answer(&self, contact: ContactId, counsellor: &Caller) {
        let offer = self.offer(contact, counsellor).await;
        let accept = command(counsellor, "AcceptOffer");
        let accepted = self.ctx.store.accept_offer(&accept, offer).await.unwrap();
        assert!(matches!(accepted, Change::Done(_)));
    }

    /// What a counsellor holds: voice, chat, message.
    pub(crate) async fn held(&self, counsellor: &Caller) -> (u8, u8, u8) {
        let id = counsellor.counsellor_id.unwrap();
        let held = self.ctx.store.presence(self.centre, id).await.unwrap().unwrap().held;
        (held.voice, held.chat, held.message)
    }

    /// Moves the database's clock ahead.
    pub(crate) fn move_clock(&self, seconds: u32) {
        let sql = format!("UPDATE helpline.clock SET moved = moved + make_interval(secs => {seconds})");
        self.database.query(&sql).unwrap();
    }

    /// The only number that a query gives.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.database.query(sql).unwrap()[0][0].as_deref().unwrap().parse().unwrap()
    }

    pub(crate) async fn receive(
        &self,
        caller: &Caller,
        request: &api::ReceiveContactRequest,
    ) -> Result<Received, Refusal> {
        let command = wire::read_receive(&self.ctx, caller, request)?;
        helpline_intake::receive_contact(&self.ctx, caller, command).await
    }

    /// Receives something new on a channel from a sender.
    pub(crate) async fn from(&self, caller: &Caller, channel: terms::Channel, sender: &str) -> Received {
        self.receive(caller, &request(channel, sender)).await.unwrap()
    }

    pub(crate) async fn get(&self, caller: &Caller, contact: ContactId) -> Result<Seen, Refusal> {
        helpline_intake::get_contact(&self.ctx, caller, contact).await
    }

    pub(crate) async fn change_risk(
        &self,
        caller: &Caller,
        request: &api::ChangeRiskRequest,
    ) -> Result<Seen, Refusal> {
        let command = wire::read_change_risk(&self.ctx, caller, request)?;
        helpline_intake::change_risk(&self.ctx, caller, command).await
    }

    /// Records that the person left.
    pub(crate) async fn leave(&self, caller: &Caller, contact: ContactId) -> Result<Seen, Refusal> {
        let request =
            api::RecordDepartureRequest { request_id: id(), contact_id: contact.to_string(), cause: 0 };
        let command = wire::read_departure(&self.ctx, caller, &request)?;
        helpline_intake::record_departure(&self.ctx, caller, command).await
    }

    pub(crate) async fn complete(
        &self,
        caller: &Caller,
        request: &api::CompleteContactRequest,
    ) -> Result<Seen, Refusal> {
        let command = wire::read_complete(&self.ctx, caller, request)?;
        helpline_intake::complete_contact(&self.ctx, caller, command).await
    }

    pub(crate) async fn record(
        &self,
        caller: &Caller,
        request: &api::RecordPastContactRequest,
    ) -> Result<Seen, Refusal> {
        let command = wire::read_past(&self.ctx, caller, request)?;
        helpline_intake::record_past_contact(&self.ctx, caller, command).await
    }
}

/// A fresh copy of the migrated database.
fn database() -> Database {
    let stack = Stack::shared_or_start(&StackOptions::default()).unwrap();
    let template = stack.postgres.template_database(&migrate::fingerprint(), |url| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(migrate::migrate(url))?;
        Ok(())
    });
    stack.postgres.create_database(&template.unwrap()).unwrap()
}

/// A command that comes once.
fn command(caller: &Caller, method: &'static str) -> Command {
    Command { caller: *caller, method, request_id: SystemIds.v4().into(), hash: [0; 32] }
}

/// A new request on a channel from a sender.
pub(crate) fn request(channel: terms::Channel, sender: &str) -> api::ReceiveContactRequest {
    api::ReceiveContactRequest {
        request_id: id(),
        channel: channel.into(),
        sender: sender.to_owned(),
        ..Default::default()
    }
}

/// A closing record that can be signed off.
pub(crate) fn closing(summary: &str) -> api::Closing {
    api::Closing {
        kind: api::ContactKind::Counselling.into(),
        categories: vec!["peers.other".to_owned()],
        gender: api::Gender::Unknown.into(),
        age_band: api::AgeBand::Unknown.into(),
        region: "unknown".to_owned(),
        action_taken: api::ActionTaken::Counselled.into(),
        summary: summary.to_owned(),
    }
}

/// A request to sign a contact off.
pub(crate) fn completion(contact: ContactId, summary: &str) -> api::CompleteContactRequest {
    api::CompleteContactRequest {
        request_id: id(),
        contact_id: contact.to_string(),
        closing: Some(closing(summary)),
        expected_revision: 0,
    }
}
