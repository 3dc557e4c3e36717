//! A helpline with an adapter and a supervisor, and what they do all day.

use helpline_proto::intake::v1::{
    ActionTaken, AgeBand, ChangeRiskRequest, Closing, Contact, ContactKind, ContactState, Gender,
    GetContactRequest, ReceiveContactRequest, ReceiveContactResponse, RecordDepartureRequest,
    RecordDepartureResponse,
};
use helpline_proto::queueing::v1::{ExplainWaitingRequest, WaitingCause, WaitingExplanation};
use helpline_proto::terms::v1::{Channel, Risk, SkillLevel};
use helpline_tests::{Abilities, Actor, Refused, World, WorldOptions, request_id};
pub(crate) use helpline_tests::{PATIENCE, until};
use prost_types::Timestamp;
use tonic::{Response, Status};

use crate::desk::Desk;

/// A helpline, an adapter and a supervisor.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) adapter: Actor,
    pub(crate) supervisor: Actor,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        // These tests move the clock: that must not look like the silence of everybody's client.
        Self::set_with_presence_ttl(300).await
    }

    /// The same, with clients that are lost after so many seconds of silence.
    pub(crate) async fn set_with_presence_ttl(seconds: u32) -> Self {
        let config = format!("[timing]\npresence_ttl_s = {seconds}\n");
        let world = World::start_with(WorldOptions { config, ..WorldOptions::default() }).await;
        let (adapter, supervisor) = (world.adapter().await, world.supervisor().await);
        Self { world, adapter, supervisor }
    }

    /// A new counsellor who watches their offers and is ready.
    pub(crate) async fn desk(&self, abilities: Abilities) -> Desk {
        let desk = self.desk_off_shift(abilities).await;
        desk.ready().await;
        desk
    }

    /// A new counsellor who watches their offers.
    pub(crate) async fn desk_off_shift(&self, abilities: Abilities) -> Desk {
        Desk::open(self.world.counsellor(abilities).await).await
    }

    /// Takes a contact in.
    pub(crate) async fn received(&self, request: ReceiveContactRequest) -> ReceiveContactResponse {
        self.adapter.contacts().receive_contact(request).await.unwrap().into_inner()
    }

    /// Takes a contact in and returns it.
    pub(crate) async fn receive(&self, request: ReceiveContactRequest) -> Contact {
        self.received(request).await.contact.unwrap()
    }

    /// A contact as the supervisor sees it.
    pub(crate) async fn contact(&self, contact_id: &str) -> Contact {
        let request = GetContactRequest { contact_id: contact_id.to_owned() };
        self.supervisor.contacts().get_contact(request).await.unwrap().into_inner().contact.unwrap()
    }

    /// Waits until a contact is in a state.
    pub(crate) async fn until_state(&self, contact: &Contact, state: ContactState) -> Contact {
        until(&format!("the contact is {state:?}"), async || {
            let now = self.contact(&contact.contact_id).await;
            (now.state() == state).then_some(now)
        })
        .await
    }

    /// The person leaves.
    pub(crate) async fn try_leave(
        &self,
        contact_id: &str,
    ) -> Result<Response<RecordDepartureResponse>, Status> {
        let request =
            RecordDepartureRequest { request_id: request_id(), contact_id: contact_id.to_owned(), cause: 0 };
        self.adapter.contacts().record_departure(request).await
    }

    /// The person leaves, which must be possible.
    pub(crate) async fn leave(&self, contact: &Contact) -> Contact {
        self.try_leave(&contact.contact_id).await.unwrap().into_inner().contact.unwrap()
    }

    /// The supervisor assesses the risk.
    pub(crate) async fn assess(&self, contact: &Contact, risk: Risk) -> Contact {
        let request = ChangeRiskRequest {
            request_id: request_id(),
            contact_id: contact.contact_id.clone(),
            risk: risk.into(),
            expected_revision: 0,
        };
        self.supervisor.contacts().change_risk(request).await.unwrap().into_inner().contact.unwrap()
    }

    /// Why a contact waits.
    pub(crate) async fn explain(&self, contact: &Contact) -> WaitingExplanation {
        let request = ExplainWaitingRequest { contact_id: contact.contact_id.clone(), locale: String::new() };
        self.supervisor.line().explain_waiting(request).await.unwrap().into_inner().explanation.unwrap()
    }

    /// Waits until a contact waits for this reason.
    pub(crate) async fn until_cause(&self, contact: &Contact, cause: WaitingCause) -> WaitingExplanation {
        until(&format!("the contact waits because of {cause:?}"), async || {
            let explanation = self.explain(contact).await;
            (explanation.cause() == cause).then_some(explanation)
        })
        .await
    }

    /// Waits until the line has been gone through since now: somebody comes who can be served, reserve or not, and is
    /// offered. What was not offered by then is not offered.
    pub(crate) async fn a_pass(&self) {
        let canary = self.desk(Abilities::speaking(&["eo"]).taking(1, 0, 0)).await;
        let contact = self.receive(at(Risk::HarmNow, call("eo"))).await;
        canary.next_offer().await;
        self.leave(&contact).await;
        canary.offline().await;
    }

    /// Changes settings directly in the database, where no lower bounds hold; servers notice within a second.
    pub(crate) fn settle(&self, json: &str) {
        self.sql(&format!("UPDATE helpline.settings SET settings = settings || '{json}'"));
    }

    /// What SQL says.
    pub(crate) fn sql(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.world.database.query(sql).unwrap()
    }

    /// The one value that SQL says.
    pub(crate) fn value(&self, sql: &str) -> String {
        self.sql(sql).remove(0).remove(0).unwrap_or_default()
    }

    /// The events of a contact in the journal, in order, each with the role of who did it.
    pub(crate) fn journal(&self, contact: &Contact) -> Vec<(String, String)> {
        let sql = format!(
            "SELECT event, coalesce(actor_role, 'system') FROM helpline.journal WHERE contact_id = '{}' ORDER BY entry_id",
            contact.contact_id
        );
        let text = |value: Option<String>| value.unwrap();
        self.sql(&sql)
            .into_iter()
            .map(|row| {
                let mut row = row.into_iter();
                (text(row.next().unwrap()), text(row.next().unwrap()))
            })
            .collect()
    }

    /// Everything that must agree agrees.
    pub(crate) async fn agrees(&self) {
        let differences = self.world.servers[0].ctx().store.compare(self.world.centre.id).await.unwrap();
        assert!(differences.is_none(), "{differences:?}");
    }

    /// The same, and the view in Redis shows who waits and nobody else: a comparison would repair nothing.
    pub(crate) async fn agrees_with_the_view(&self) {
        let ctx = self.world.servers[0].ctx();
        let found = helpline_queueing::matching::compare(ctx, self.world.centre.id).await.unwrap();
        assert!(found.is_none(), "{found:?}");
    }
}

/// A call from somebody who speaks a language; empty when it is not known.
pub(crate) fn call(language: &str) -> ReceiveContactRequest {
    by(Channel::Voice, language)
}

/// A web chat.
pub(crate) fn chat(language: &str) -> ReceiveContactRequest {
    by(Channel::WebChat, language)
}

/// A contact by any channel.
pub(crate) fn by(channel: Channel, language: &str) -> ReceiveContactRequest {
    ReceiveContactRequest {
        request_id: request_id(),
        channel: channel.into(),
        language: language.to_owned(),
        ..ReceiveContactRequest::default()
    }
}

/// The same at a risk.
pub(crate) fn at(risk: Risk, request: ReceiveContactRequest) -> ReceiveContactRequest {
    ReceiveContactRequest { risk: risk.into(), ..request }
}

/// The same from a sender.
pub(crate) fn from(sender: &str, request: ReceiveContactRequest) -> ReceiveContactRequest {
    ReceiveContactRequest { sender: sender.to_owned(), display_name: "Somebody".to_owned(), ..request }
}

/// A skill at a level.
pub(crate) fn skill(skill: &str, level: i32) -> SkillLevel {
    SkillLevel { skill: skill.to_owned(), level }
}

/// A closing record that says all that must be known.
pub(crate) fn closing() -> Closing {
    Closing {
        kind: ContactKind::Counselling.into(),
        categories: vec!["violence.bullying".to_owned()],
        gender: Gender::Unknown.into(),
        age_band: AgeBand::AgeBand1315.into(),
        region: "unknown".to_owned(),
        action_taken: ActionTaken::Counselled.into(),
        summary: "Talked about what to do at school.".to_owned(),
    }
}

/// A time in seconds since 1970.
pub(crate) fn seconds(time: Option<Timestamp>) -> f64 {
    let time = time.expect("a time");
    #[expect(clippy::cast_precision_loss, reason = "microseconds of this century fit a double")]
    let whole = time.seconds as f64;
    whole + f64::from(time.nanos) / 1e9
}

/// Whether two numbers of seconds are the same but for what calls take.
pub(crate) fn about(left: f64, right: f64) -> bool {
    (left - right).abs() < 5.0
}

/// Why a call was refused that must be.
#[track_caller]
pub(crate) fn why<T>(answer: Result<T, Status>) -> Refused {
    Refused::from(&answer.map(drop).expect_err("the call should have been refused"))
}
