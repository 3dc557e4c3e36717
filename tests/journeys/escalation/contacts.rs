//! An escalation and the contacts it is about.

use helpline_proto::escalation::v1::{
    EscalationState, JoinEscalationRequest, RaiseEscalationRequest, TakeOverEscalationRequest,
};
use helpline_proto::intake::v1::{Contact, ContactState};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use super::room::{accept, get, progress, raise, report, resolve, timeline};
use crate::desk::Desk;
use crate::stage::{Stage, at, call, from, until, why};

/// A counsellor with a contact in hand.
async fn talk(stage: &Stage, sender: &str) -> (Desk, Contact) {
    let desk = stage.desk(Abilities::speaking(&["ar"])).await;
    stage.receive(at(Risk::High, from(sender, call("ar")))).await;
    let contact = desk.take().await;
    (desk, contact)
}

fn about(contact: &Contact) -> RaiseEscalationRequest {
    RaiseEscalationRequest { contact_id: contact.contact_id.clone(), risk: 0, ..report(Risk::Unspecified) }
}

#[tokio::test]
async fn a_contact_is_not_signed_off_while_its_escalation_is_open_but_its_counsellor_is_freed() {
    let stage = Stage::set().await;
    let (desk, contact) = talk(&stage, "+97455550101").await;
    let raised = raise(&desk.actor, about(&contact)).await;
    assert_eq!(raised.risk(), Risk::High, "the contact's own");
    let refused = why(desk.try_complete(&contact).await);
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "STATE_REFUSED"));
    assert_eq!((refused.metadata("resource"), refused.metadata("state")), ("escalation", "notifying"));
    desk.release(&contact).await;
    desk.finish(&contact).await;
    assert_eq!(desk.held().await, (0, 0, 0), "the counsellor goes home");
    accept(&stage.supervisor, &raised).await.unwrap();
    progress(&stage.supervisor, &raised, EscalationState::ChildReached).await.unwrap();
    assert_eq!(why(desk.try_complete(&contact).await).metadata("state"), "child_reached");
    resolve(&stage.supervisor, &raised).await.unwrap();
    assert_eq!(desk.complete(&contact).await.state(), ContactState::Closed);
}

#[tokio::test]
async fn a_second_report_from_a_contact_joins_the_first_and_loses_nothing() {
    let stage = Stage::set().await;
    let (desk, contact) = talk(&stage, "+97455550102").await;
    let first = RaiseEscalationRequest { particulars: None, ..about(&contact) };
    let raised = raise(&desk.actor, first.clone()).await;
    let again = async |request: &RaiseEscalationRequest| {
        desk.actor.escalations().raise_escalation(request.clone()).await.unwrap().into_inner()
    };
    assert!(!again(&first).await.joined, "a repeat is no second report");
    let second = RaiseEscalationRequest { risk: Risk::HarmNow.into(), ..about(&contact) };
    let answer = again(&second).await;
    assert!(again(&second).await.joined && !again(&first).await.joined);
    let joined = answer.escalation.unwrap();
    assert!(answer.joined);
    assert_eq!((&joined.escalation_id, joined.risk()), (&raised.escalation_id, Risk::HarmNow));
    assert_eq!(joined.rung, 2, "graver than was known: the next is asked at once");
    assert_eq!(joined.locations.len(), 2);
    let known = joined.particulars.unwrap();
    assert_eq!(known.identity, "Salma, about nine");
    assert!(timeline(&desk.actor, &raised).await.contains(&"joined".to_owned()));
    assert_eq!(stage.value("SELECT count(*) FROM helpline.escalations"), "1");
    assert_eq!(stage.value("SELECT max(escalation_count) FROM helpline.contacts"), "1");
}

#[tokio::test]
async fn many_reports_of_one_contact_at_the_same_instant_are_one_escalation() {
    let stage = Stage::set().await;
    let (desk, contact) = talk(&stage, "+97455550103").await;
    let report = || raise(&desk.actor, about(&contact));
    let all = tokio::join!(report(), report(), report(), report());
    let ids = [all.0, all.1, all.2, all.3].map(|one| one.escalation_id);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(stage.value("SELECT max(escalation_count) FROM helpline.contacts"), "1");
}

#[tokio::test]
async fn another_contact_of_the_same_child_is_found_by_its_number_and_joins() {
    let stage = Stage::set().await;
    let (desk, contact) = talk(&stage, "+97455550104").await;
    let raised = raise(&desk.actor, about(&contact)).await;
    let (colleague, again) = talk(&stage, "+97455550104").await;
    let answer = colleague.actor.escalations().raise_escalation(about(&again)).await.unwrap().into_inner();
    assert!(!answer.joined);
    assert_eq!(answer.perhaps_same_ids, std::slice::from_ref(&raised.escalation_id));
    let request = JoinEscalationRequest {
        request_id: request_id(),
        escalation_id: raised.escalation_id.clone(),
        contact_id: again.contact_id.clone(),
    };
    let refused = why(colleague.actor.escalations().join_escalation(request.clone()).await);
    assert_eq!(refused.code, Code::NotFound, "not theirs to see");
    let joined = stage.supervisor.escalations().join_escalation(request).await.unwrap().into_inner();
    assert_eq!(
        joined.escalation.unwrap().contact_ids,
        [contact.contact_id.clone(), again.contact_id.clone()]
    );
    assert!(get(&colleague.actor, &raised).await.is_ok(), "now it is about their contact too");
}

#[tokio::test]
async fn nobody_raises_what_is_not_theirs_and_everybody_leaves_it_to_an_owner() {
    let stage = Stage::set().await;
    let (desk, contact) = talk(&stage, "+97455550105").await;
    let stranger = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let refused = why(stranger.escalations().raise_escalation(about(&contact)).await);
    assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "contact"));
    let raised = raise(&desk.actor, about(&contact)).await;
    assert_eq!(raised.owner_id, desk.id());
    desk.offline().await;
    let alert =
        "SELECT count(*) FROM helpline.alerts WHERE kind = 'escalation_unowned' AND closed_at IS NULL";
    until("its owner has gone, and supervisors are alerted", async || {
        (stage.value(alert) == "1").then_some(())
    })
    .await;
    let request =
        TakeOverEscalationRequest { request_id: request_id(), escalation_id: raised.escalation_id.clone() };
    let owned = stage.supervisor.escalations().take_over_escalation(request).await.unwrap().into_inner();
    assert_eq!(owned.escalation.unwrap().owner_id, stage.supervisor.token_id);
    assert!(timeline(&stage.supervisor, &raised).await.contains(&"taken_over".to_owned()));
}
