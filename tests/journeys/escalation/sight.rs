//! What an open desk shows changes at once with what somebody may know.

use helpline_domain::id::AgencyId;
use helpline_proto::directory::v1::DisableAgencyRequest;
use helpline_proto::escalation::v1::{
    ApproveDisclosureRequest, AskSecondOpinionRequest, ConsentBy, DiscloseRequest, Disclosure,
    DisclosureBasis, DisclosureGround, DisclosurePurpose, Escalation, RevokeDisclosureRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Risk;
use helpline_tests::plan::{desk, seconds, step};
use helpline_tests::{Actor, request_id};
use tonic::Code;

use super::room::{Watcher, accept, get, raise, report};
use crate::stage::{Stage, why};

/// An emergency of which one agency was asked and told nothing, and another was not asked.
struct Emergency {
    stage: Stage,
    one: Escalation,
    asked: (AgencyId, Watcher),
    other: (AgencyId, Watcher),
}

impl Emergency {
    async fn begin() -> Self {
        let stage = Stage::set().await;
        let (asked, other) = (stage.world.agency().await, stage.world.agency().await);
        let only = step(vec![desk(asked, &[])], 300);
        stage.world.plan_emergencies(|policy, _| policy.steps = vec![only]).await;
        let asked = (asked, Watcher::open(stage.world.responder(asked).await).await);
        let other = (other, Watcher::open(stage.world.responder(other).await).await);
        let one = raise(&stage.supervisor, report(Risk::HarmNow)).await;
        Self { stage, one, asked, other }
    }

    async fn disclose(&self, to: AgencyId, basis: DisclosureBasis) -> Disclosure {
        let mut request = DiscloseRequest {
            request_id: request_id(),
            escalation_id: self.one.escalation_id.clone(),
            agency_id: to.to_string(),
            purpose: DisclosurePurpose::Emergency.into(),
            field_classes: vec![FieldClass::Narrative.into()],
            basis: basis.into(),
            lifetime: seconds(60),
            ..DiscloseRequest::default()
        };
        if basis == DisclosureBasis::Consent {
            request.consent_by = ConsentBy::Child.into();
        } else {
            request.ground = DisclosureGround::LifeInDanger.into();
        }
        let answer = self.stage.supervisor.disclosures().disclose(request).await.unwrap();
        answer.into_inner().disclosure.unwrap()
    }

    async fn revoke(&self, one: &Disclosure) {
        let request =
            RevokeDisclosureRequest { request_id: request_id(), disclosure_id: one.disclosure_id.clone() };
        self.stage.supervisor.disclosures().revoke_disclosure(request).await.unwrap();
    }
}

fn narrative(shown: &Escalation) -> Option<&str> {
    shown.particulars.as_ref().map(|known| known.narrative.as_str())
}

#[tokio::test]
async fn what_is_disclosed_to_who_was_asked_comes_and_goes_on_their_open_desk() {
    let mut play = Emergency::begin().await;
    let shown = play.asked.1.until("it is shown", |_| true).await;
    assert_eq!(narrative(&shown), None, "asked, and told nothing");
    let disclosed = play.disclose(play.asked.0, DisclosureBasis::Consent).await;
    let wanted = Some("Somebody is hitting her.");
    play.asked.1.until("it is granted", |shown| narrative(shown) == wanted).await;
    play.revoke(&disclosed).await;
    play.asked.1.until("it is gone", |shown| narrative(shown).is_none()).await;
}

#[tokio::test]
async fn who_was_not_asked_sees_it_as_long_as_somebody_has_decided_that_they_may() {
    let mut play = Emergency::begin().await;
    assert_eq!(why(get(&play.other.1.actor, &play.one).await).code, Code::NotFound);
    let disclosed = play.disclose(play.other.0, DisclosureBasis::Consent).await;
    let shown = play.other.1.until("it is granted", |_| true).await;
    assert_eq!(
        (&shown.escalation_id, narrative(&shown)),
        (&play.one.escalation_id, Some("Somebody is hitting her."))
    );
    play.revoke(&disclosed).await;
    play.other.1.until_withdrawn(&play.one).await;
    let gone = why(accept(&play.other.1.actor, &play.one).await);
    assert_eq!((gone.code, gone.metadata("resource")), (Code::NotFound, "escalation"));

    // Against the wish of the child nothing opens before another has approved it, and it ends by itself.
    let asked = play.disclose(play.other.0, DisclosureBasis::Override).await;
    assert_eq!(why(get(&play.other.1.actor, &play.one).await).code, Code::NotFound);
    let approve = ApproveDisclosureRequest { request_id: request_id(), disclosure_id: asked.disclosure_id };
    let colleague = play.stage.world.supervisor().await;
    colleague.disclosures().approve_disclosure(approve).await.unwrap();
    play.other.1.until("it is approved", |_| true).await;
    play.stage.world.advance(61.0);
    play.other.1.until_withdrawn(&play.one).await;
}

#[tokio::test]
async fn the_desk_of_an_agency_that_is_asked_no_longer_is_closed() {
    let mut play = Emergency::begin().await;
    play.asked.1.until("it is shown", |_| true).await;
    let disable = DisableAgencyRequest { request_id: request_id(), agency_id: play.asked.0.to_string() };
    play.stage.world.administrator().agencies().disable_agency(disable).await.unwrap();
    assert_eq!(play.asked.1.end().await, Code::Unauthenticated);
}

#[tokio::test]
async fn a_question_to_the_supervisors_shows_on_their_desks() {
    let play = Emergency::begin().await;
    let mut watcher = Watcher::open(play.stage.supervisor.clone()).await;
    let colleague: Actor = play.stage.world.supervisor().await;
    let before = get(&colleague, &play.one).await.unwrap().revision;
    let ask = AskSecondOpinionRequest {
        request_id: request_id(),
        escalation_id: play.one.escalation_id.clone(),
        question: "Is this for the police?".to_owned(),
        ..AskSecondOpinionRequest::default()
    };
    colleague.consults().ask_second_opinion(ask).await.unwrap();
    watcher.until("it has changed", |shown| shown.revision > before).await;
}
