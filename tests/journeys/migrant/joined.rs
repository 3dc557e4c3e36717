//! What is told of one child is not read as of another: an emergency that a report joins becomes one of its case.

use helpline_proto::escalation::v1::{
    Escalation, Particulars, RaiseEscalationRequest, RaiseEscalationResponse,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::child_alert::disclose_to;
use helpline_tests::migrant::fear;
use tonic::Code;

use super::room::Room;
use crate::escalation::room::{accept, get, raise, report};
use crate::referral::room::Partner;
use crate::stage::{call, from, why};

impl Room {
    /// A contact that is linked with no case.
    async fn unlinked(&self) -> String {
        self.stage.receive(from("+97455550991", call("ar"))).await.contact_id
    }

    async fn report_of(&self, request: RaiseEscalationRequest) -> RaiseEscalationResponse {
        self.by().escalations().raise_escalation(request).await.unwrap().into_inner()
    }
}

/// A report from a contact that says nothing of the child yet.
fn bare(contact: &str, case: &str) -> RaiseEscalationRequest {
    let (contact_id, case_id) = (contact.to_owned(), case.to_owned());
    RaiseEscalationRequest { contact_id, case_id, particulars: None, location: None, ..report(Risk::HarmNow) }
}

/// The same with what is known of a child.
fn whole(contact: &str, case: &str) -> RaiseEscalationRequest {
    let known = Particulars { identity: "Samir, eleven".to_owned(), ..Particulars::default() };
    let location = report(Risk::HarmNow).location;
    RaiseEscalationRequest { particulars: Some(known), location, ..bare(contact, case) }
}

/// What a mission that was told of everything reads.
async fn mission(room: &Room, of: &Escalation) -> Partner {
    let embassy = room.embassy("SY").await;
    disclose_to(room.by(), &of.escalation_id, &embassy.agency.to_string()).await;
    assert!(get(&embassy.responder, of).await.is_ok());
    embassy
}

#[tokio::test]
async fn what_joins_in_the_course_of_a_case_makes_the_emergency_one_of_that_case() {
    let room = Room::new().await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let contact = room.unlinked().await;
    let first = raise(room.by(), bare(&contact, "")).await;
    let embassy = mission(&room, &first).await;

    let request = whole(&contact, &room.case.case_id);
    let joined = room.report_of(request.clone()).await;
    assert!(joined.joined);
    let now = joined.escalation.unwrap();
    assert_eq!((&now.escalation_id, &now.case_id), (&first.escalation_id, &room.case.case_id));
    assert_eq!(get(&embassy.responder, &first).await.unwrap_err().code(), Code::NotFound);

    // A repeat is no third report, and one that names no case is of the same.
    assert!(room.report_of(request).await.joined);
    let again = room.report_of(bare(&contact, "")).await.escalation.unwrap();
    assert_eq!((again.escalation_id, again.case_id), (now.escalation_id, room.case.case_id.clone()));
}

#[tokio::test]
async fn an_emergency_that_becomes_one_of_a_case_keeps_what_the_links_of_its_contacts_protect() {
    let room = Room::new().await;
    let first = raise(room.by(), whole(&room.contact_id, "")).await;
    let embassy = mission(&room, &first).await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let other = room.by().case_of_child().await;
    let joined = room.report_of(bare(&room.contact_id, &other.case_id)).await.escalation.unwrap();
    assert_eq!((&joined.escalation_id, &joined.case_id), (&first.escalation_id, &other.case_id));
    assert_eq!(get(&embassy.responder, &first).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(why(room.unlink(room.by()).await).metadata("state"), "in_use");
}

#[tokio::test]
async fn what_is_of_another_case_is_an_emergency_of_its_own() {
    let room = Room::new().await;
    room.by().protect(fear(&room.case.case_id, "SY")).await.unwrap();
    let other = room.by().case_of_child().await;
    let contact = room.unlinked().await;
    let first = raise(room.by(), bare(&contact, &other.case_id)).await;
    let embassy = mission(&room, &first).await;

    let request = whole(&contact, &room.case.case_id);
    let second = room.report_of(request.clone()).await;
    let own = second.escalation.unwrap();
    assert!(!second.joined && own.escalation_id != first.escalation_id);
    assert_eq!((&own.case_id, &own.contact_ids), (&room.case.case_id, &vec![contact.clone()]));
    assert_eq!(
        second.perhaps_same_ids,
        std::slice::from_ref(&first.escalation_id),
        "whoever looks may join them"
    );
    assert_eq!(get(&embassy.responder, &own).await.unwrap_err().code(), Code::NotFound);
    let still = get(&embassy.responder, &first).await.unwrap();
    assert!(still.particulars.is_none() && still.locations.is_empty());

    // A repeat finds it, another report of the case joins it, and one of the first case the first.
    let repeated = room.report_of(request).await;
    assert!(!repeated.joined && repeated.escalation.unwrap().escalation_id == own.escalation_id);
    let more = room.report_of(whole(&contact, &room.case.case_id)).await;
    assert!(more.joined && more.escalation.unwrap().escalation_id == own.escalation_id);
    let more = room.report_of(bare(&contact, &other.case_id)).await;
    assert!(more.joined && more.escalation.unwrap().escalation_id == first.escalation_id);
    accept(room.by(), &own).await.unwrap();
}
