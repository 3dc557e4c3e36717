//! Ways around the wall: no step tells a mission what nobody alone may tell it.

use helpline_domain::id::AgencyId;
use helpline_proto::casework::v1::{MoveCaseRequest, UnlinkCaseContactRequest};
use helpline_proto::directory::v1::{GetAgencyRequest, UpdateAgencyRequest};
use helpline_proto::escalation::v1::{CallResult, ListCallsRequest, Plan, Policy, RecordCallRequest};
use helpline_proto::referral::v1::DraftReferralRequest;
use helpline_tests::migrant::{answer_override, ask_override, fear, lift};
use helpline_tests::plan::{desk, ring, step, supervisors};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use super::room::Room;
use crate::referral::room::get;
use crate::stage::{until, why};

impl Room {
    pub(super) async fn unlink(&self, by: &Actor) -> Result<(), Status> {
        let request = UnlinkCaseContactRequest {
            request_id: request_id(),
            case_id: self.case.case_id.clone(),
            contact_id: self.contact_id.clone(),
        };
        by.cases().unlink_case_contact(request).await.map(drop)
    }

    async fn calls(&self) -> Vec<String> {
        let listed = self.by().escalations().list_calls(ListCallsRequest::default()).await.unwrap();
        listed.into_inner().calls.into_iter().map(|call| call.delivery_id).collect()
    }

    async fn rings_first(&self, agency: AgencyId) {
        let change = |policy: &mut Policy, plan: &mut Plan| {
            let mut call = plan.fallback.clone().expect("somebody to ring at last");
            call.agency_id = agency.to_string();
            let ways = [ring(Some(call)), desk(agency, &[]), supervisors()];
            policy.steps = ways.map(|whom| step(vec![whom], 300)).to_vec();
        };
        self.stage.world.plan_emergencies(change).await;
    }
}

#[tokio::test]
async fn the_ladder_neither_rings_up_nor_counts_a_mission_of_a_country_that_is_feared() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    room.rings_first(embassy.agency).await;
    let before = room.raised_of_case().await;
    let call = until("it is to be rung", async || room.calls().await.pop()).await;

    // What is to be rung is not any more, and says nothing to who still has the number.
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    assert!(room.calls().await.is_empty());
    let record = RecordCallRequest {
        request_id: request_id(),
        delivery_id: call,
        result: CallResult::Accepted.into(),
        their_incident: "999-1".to_owned(),
        remark: String::new(),
    };
    assert!(room.by().escalations().record_call(record).await.is_err());
    room.wait(300);
    // Neither the call nor the desk costs time: supervisors are told at once.
    let told = format!(
        "SELECT count(*) FROM helpline.deliveries WHERE escalation_id = '{}' AND kind = 'supervisors'",
        before.escalation_id
    );
    until("supervisors are told", async || (room.stage.value(&told) == "1").then_some(())).await;
    let desks = "SELECT count(*) FROM helpline.deliveries WHERE kind = 'desk'";
    assert_eq!(room.stage.value(desks), "0");
    assert!(room.calls().await.is_empty());
}

#[tokio::test]
async fn a_contact_of_a_child_who_is_afraid_is_neither_unlinked_by_the_owner_nor_while_something_comes_from_it()
 {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let without_case = DraftReferralRequest { case_id: String::new(), ..room.draft(&[&embassy]) };
    let referral = room.by().refer(without_case).await;
    let owner = room.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    room.stage.sql(&format!(
        "UPDATE helpline.cases SET owner_id = '{}' WHERE case_id = '{}' RETURNING case_id",
        owner.counsellor_id, room.case.case_id
    ));
    let recorded = room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    assert_eq!(get(&embassy.responder, &referral).await.unwrap_err().code(), Code::NotFound);
    for by in [&owner, room.by()] {
        assert_eq!(why(room.unlink(by).await).metadata("state"), "in_use");
    }
    assert_eq!(get(&embassy.responder, &referral).await.unwrap_err().code(), Code::NotFound);

    // Nothing comes from another: a supervisor may say that it is another child's, the owner may not while the child is afraid.
    let other = Room::new().await;
    let owner = other.stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    other.stage.sql(&format!(
        "UPDATE helpline.cases SET owner_id = '{}' WHERE case_id = '{}' RETURNING case_id",
        owner.counsellor_id, other.case.case_id
    ));
    other.by().protect(fear(&other.case.case_id, "SY")).await.unwrap();
    assert_eq!(why(other.unlink(&owner).await).metadata("state"), "in_use");
    other.unlink(other.by()).await.unwrap();
    room.stage.world.lift(&recorded.protection_id).await;
}

#[tokio::test]
async fn what_was_allowed_for_the_one_child_is_not_for_the_other_when_the_case_is_moved() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let amina = room.stage.world.supervisor().await;
    let child = room.by().record_person("Nur", "+97444000111").await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let asked = room.by().ask_consulate(ask_override(&room.case.case_id, embassy.agency)).await.unwrap();
    let pending = room.by().ask_consulate(ask_override(&room.case.case_id, embassy.agency)).await.unwrap();
    amina.answer_consulate(answer_override(&asked.override_id, true)).await.unwrap();
    let request = MoveCaseRequest {
        request_id: request_id(),
        case_id: room.case.case_id.clone(),
        child_id: child.person_id.clone(),
        remark: "It is about the brother.".to_owned(),
    };
    amina.cases().move_case(request).await.unwrap();
    let draft = DraftReferralRequest { case_id: String::new(), ..room.draft(&[&embassy]) };
    assert_eq!(why(room.by().draft_referral(draft).await).reason, "CONSULATE_REFUSED");
    let late = why(amina.answer_consulate(answer_override(&pending.override_id, true)).await);
    assert_eq!(late.metadata("state"), "refused");
}

#[tokio::test]
async fn who_has_asked_for_an_override_does_not_lift_the_fear_and_an_embassy_stays_of_its_country() {
    let room = Room::new().await;
    let embassy = room.embassy("SY").await;
    let amina = room.stage.world.supervisor().await;
    let recorded = room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let asked = room.by().ask_consulate(ask_override(&room.case.case_id, embassy.agency)).await.unwrap();
    amina.answer_consulate(answer_override(&asked.override_id, false)).await.unwrap();
    let own = why(room.by().lift_protection(lift(&recorded.protection_id)).await);
    assert_eq!((own.reason.as_str(), own.metadata("state")), ("STATE_REFUSED", "own"));
    let administrator = room.stage.world.administrator();
    let request = GetAgencyRequest { agency_id: embassy.agency.to_string() };
    let mut agency = administrator.agencies().get_agency(request).await.unwrap().into_inner().agency.unwrap();
    agency.country = "DE".to_owned();
    let update = UpdateAgencyRequest { request_id: request_id(), agency: Some(agency), expected_revision: 0 };
    assert_eq!(why(administrator.agencies().update_agency(update).await).fields, ["agency.country"]);
    room.stage.world.lift(&recorded.protection_id).await;
}
