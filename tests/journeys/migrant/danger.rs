//! A child in danger is not left to a mission that may learn nothing of them: what it has accepted is taken back.

use helpline_domain::id::AgencyId;
use helpline_proto::escalation::v1::{Escalation, EscalationState, JoinEscalationRequest};
use helpline_proto::terms::v1::Risk;
use helpline_tests::migrant::{answer_override, ask_override, fear};
use helpline_tests::plan::{desk, step, supervisors};
use helpline_tests::request_id;
use tonic::Code;

use super::room::{HOUR, Room};
use crate::escalation::room::{a_look, accept, get, hand_over, progress, raise, report, timeline};
use crate::referral::room::Partner;
use crate::stage::until;

/// A step that lasts this long has not ended by itself.
const LONG_S: i64 = 3600;

impl Room {
    /// The plan tells these one after another, then the supervisors.
    async fn asks(&self, agencies: &[AgencyId]) {
        let desks = agencies.iter().map(|&agency| step(vec![desk(agency, &[])], LONG_S));
        let steps = desks.chain([step(vec![supervisors()], LONG_S)]).collect();
        self.stage.world.plan_emergencies(|policy, _| policy.steps = steps).await;
    }

    async fn until_taken_back(&self, of: &Escalation) -> Escalation {
        until("it is taken back, and the next is asked", async || {
            let now = get(self.by(), of).await.unwrap();
            (now.state() == EscalationState::Notifying && now.rung > of.rung).then_some(now)
        })
        .await
    }
}

#[tokio::test]
async fn what_a_mission_has_accepted_is_taken_back_and_the_next_is_asked_at_once() {
    let room = Room::new().await;
    let (embassy, police) = (room.embassy("SY").await, Partner::new(&room.stage).await);
    room.asks(&[embassy.agency, police.agency]).await;
    let raised = room.raised_of_case().await;
    accept(&embassy.responder, &raised).await.unwrap();
    let taken = progress(&embassy.responder, &raised, EscalationState::Responding).await.unwrap();
    let recorded = room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();

    let now = room.until_taken_back(&raised).await;
    assert_eq!(now.reach_due_time, taken.reach_due_time, "the clock of the child runs on");
    assert!(now.accepted_by.is_empty() && now.accepted_agency_id.is_empty());
    let has_it = accept(&police.responder, &raised).await.unwrap();
    assert_eq!(has_it.accepted_agency_id, police.agency.to_string());
    assert_eq!(get(&embassy.responder, &raised).await.unwrap_err().code(), Code::NotFound);
    let entry = "taken_back".to_owned();
    assert!(timeline(room.by(), &raised).await.contains(&entry));
    assert!(!timeline(&police.responder, &raised).await.contains(&entry), "it is the child's affair");

    // Whoever is not feared keeps it, and the mission never hears that it was feared.
    room.stage.world.lift(&recorded.protection_id).await;
    assert!(!timeline(&embassy.responder, &raised).await.contains(&entry));
    a_look(&room.stage).await;
    assert_eq!(get(room.by(), &raised).await.unwrap().state(), EscalationState::Accepted);
}

#[tokio::test]
async fn what_was_handed_over_or_accepted_in_the_same_instant_is_taken_back_too() {
    let room = Room::new().await;
    let (embassy, police) = (room.embassy("SY").await, Partner::new(&room.stage).await);
    room.asks(&[police.agency]).await;
    let raised = room.raised_of_case().await;
    let handed = hand_over(room.by(), &raised, embassy.agency).await.unwrap();
    assert_eq!(handed.handed_to_agency_id, embassy.agency.to_string());
    room.by().protect(fear(&room.case.case_id, "")).await.unwrap();
    let now = room.until_taken_back(&raised).await;
    assert_eq!(now.handed_to_agency_id, "", "that hand-over is over");

    // Accepted as of a moment before the fear was known.
    room.stage.sql(&format!(
        "UPDATE helpline.escalations SET state = 'accepted', due_at = NULL, accepted_at = helpline.now(), accepted_by = owner_id,
             accepted_agency_id = '{}' WHERE escalation_id = '{}' RETURNING escalation_id",
        embassy.agency, raised.escalation_id
    ));
    until("the fallback", async || {
        (get(room.by(), &raised).await.unwrap().state() == EscalationState::Unanswered).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_mission_may_not_have_any_more_is_taken_back_whatever_was_the_reason() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    room.asks(&[embassy.agency]).await;
    let amina = room.stage.world.supervisor().await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();

    // A contact of a child who is afraid joins.
    let raised = raise(room.by(), report(Risk::HarmNow)).await;
    accept(&embassy.responder, &raised).await.unwrap();
    let request = JoinEscalationRequest {
        request_id: request_id(),
        escalation_id: raised.escalation_id.clone(),
        contact_id: room.contact_id.clone(),
    };
    room.by().escalations().join_escalation(request).await.unwrap();
    room.until_taken_back(&raised).await;

    // What was let through is let through no longer.
    let asked = room.by().ask_consulate(ask_override(&room.case.case_id, embassy.agency)).await.unwrap();
    amina.answer_consulate(answer_override(&asked.override_id, true)).await.unwrap();
    let raised = room.raised_of_case().await;
    accept(&embassy.responder, &raised).await.unwrap();
    a_look(&room.stage).await;
    assert_eq!(get(room.by(), &raised).await.unwrap().state(), EscalationState::Accepted);
    room.wait(HOUR);
    room.until_taken_back(&raised).await;
}
