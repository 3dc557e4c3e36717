//! A centre of which a child lives in a protected shelter and came with a cohort, or one that is like it but for that; and somebody of every
//! role who has to do with neither.

use std::collections::BTreeMap;

use helpline_domain::id::AgencyId;
use helpline_proto::Role;
use helpline_proto::casework::v1::{OpenCaseRequest, RecordPersonRequest};
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind};
use helpline_proto::intake::v1::RecordPastContactRequest;
use helpline_proto::referral::v1::{DraftReferralRequest, RequestAdmissionRequest};
use helpline_proto::reintegration::v1::AnnouncedChild;
use helpline_proto::shelter::v1::{ReturnSubject, StartReturnAssistanceRequest};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::assessments::SCREENING;
use helpline_tests::casework::{open, profile, record, visit};
use helpline_tests::crossborder::ahead;
use helpline_tests::migrant::held;
use helpline_tests::referral::draft;
use helpline_tests::reintegration::{announce, child as listed};
use helpline_tests::shelter::start;
use helpline_tests::{Abilities, Actor, request_id};
use prost_types::Timestamp;
use serde_json::json;

use crate::cast::Cast;
use crate::requests::closing;

/// Ids by the name of the field that asks for them, or by its path.
pub(crate) type Ids = BTreeMap<&'static str, String>;

/// The service that is a shelter, in every world.
const SHELTER: &str = "00000001-0000-4000-8000-000000000001";

/// A world, and what there is in it.
pub(crate) struct Scene {
    pub(crate) cast: Cast,
    /// An adapter that received none of it.
    pub(crate) adapter: Actor,
    /// What is known to everybody: the shelter, its agency, and a telephone of children.
    pub(crate) known: Ids,
    /// What the counsellor has themselves: a contact, a case, a referral to the shelter and a stay there that is asked for.
    pub(crate) own: Ids,
    /// The child whom it is about.
    pub(crate) child: Ids,
    /// Another child with the same profile and a case, who is of no cohort and lives nowhere.
    pub(crate) other: Ids,
}

impl Scene {
    /// A child lives there and came with others.
    pub(crate) async fn full() -> Self {
        Self::set(true).await
    }

    /// Nobody does, and the shelter is somewhere else.
    pub(crate) async fn empty() -> Self {
        Self::set(false).await
    }

    async fn set(full: bool) -> Self {
        let cast = Cast::new().await;
        let agency =
            shelter(&cast, if full { ("Hidden street", 25.28) } else { ("Another road", 43.24) }).await;
        let by = &cast.supervisor;
        by.has_beds(SHELTER, 1).await;
        let own = own(&cast).await;
        let colleague = cast.world.counsellor(Abilities::speaking(&["ar"])).await;
        let contact = past(&colleague).await;
        let telephone = "+77010000001";
        let alike = || profile("Aigerim", telephone);
        let other = recorded(by, record(alike())).await;
        let other = in_hand(by, &other, &past(&colleague).await).await;
        let mut child;
        if full {
            let cohort_id = by.create_cohort(ahead(604_800)).await.cohort_id;
            let announced = AnnouncedChild { profile: Some(alike()), ..listed("a1", "") };
            let one = by.announce(announce(&cohort_id, vec![announced])).await.unwrap().remove(0);
            child = in_hand(by, &one.person_id, &contact).await;
            child.extend([("cohort_id", cohort_id), ("returnee_id", one.returnee_id)]);
            lives_there(&cast, &contact, &mut child).await;
        } else {
            child = in_hand(by, &recorded(by, record(alike())).await, &contact).await;
        }
        let known = Ids::from([
            ("service_id", SHELTER.to_owned()),
            ("service_ids", SHELTER.to_owned()),
            ("agency_id", agency.to_string()),
            ("identifier.value", telephone.to_owned()),
            ("counsellor_id", cast.counsellor.counsellor_id.clone()),
        ]);
        let adapter = cast.world.adapter().await;
        Self { cast, adapter, known, own, child, other }
    }

    /// Somebody of a role, who may know of none of it.
    pub(crate) fn stranger(&self, role: Role) -> &Actor {
        if role == Role::ChannelAdapter { &self.adapter } else { self.cast.of(role) }
    }
}

/// A protected shelter at an address; the agency whose it is.
async fn shelter(cast: &Cast, (street, latitude): (&str, f64)) -> AgencyId {
    let id = |kind: u32| format!("{kind:08x}-0000-4000-8000-000000000001");
    let house = json!({
        "id": SHELTER, "service_areas": [],
        "organization": {"id": id(6), "name": "An organisation", "description": "It helps"},
        "phones": [{"id": id(2), "number": format!("+974 {latitude}"), "location_id": id(4)}],
        "service_at_locations": [{"id": id(3), "location": {
            "id": id(4), "location_type": "physical", "name": format!("The house in {street}"),
            "latitude": latitude, "longitude": 51.53, "transportation": format!("Ask for {street}"),
            "addresses": [{"id": id(5), "address_1": street, "city": street, "address_type": "physical"}]}}],
    });
    cast.world.listed(cast.world.centre.id, &house).await;
    let agency = cast.world.agency().await;
    cast.world.protect(SHELTER, agency).await;
    let told_by = CreateEndpointRequest {
        request_id: request_id(),
        agency_id: agency.to_string(),
        kind: EndpointKind::Sms.into(),
        address: "+97440000000".to_owned(),
        signature: 0,
    };
    cast.administrator.endpoints().create_endpoint(told_by).await.unwrap();
    agency
}

async fn recorded(by: &Actor, request: RecordPersonRequest) -> String {
    by.persons().record_person(request).await.unwrap().into_inner().person.unwrap().person_id
}

/// What is asked about a person, by whatever name.
fn person(id: &str) -> Ids {
    let names = ["person_id", "relative_id", "child_id", "survivor_id", "absorbed_id"];
    names.map(|name| (name, id.to_owned())).into()
}

/// A contact of somebody that was over when it was written down: nobody waits, so that no world is ahead of another.
async fn past(by: &Actor) -> String {
    let request = RecordPastContactRequest {
        request_id: request_id(),
        channel: Channel::Letter.into(),
        receive_time: Some(Timestamp { seconds: ahead(0).seconds - 7200, nanos: 0 }),
        language: "ar".to_owned(),
        risk: Risk::Low.into(),
        closing: Some(closing()),
        ..RecordPastContactRequest::default()
    };
    by.contacts().record_past_contact(request).await.unwrap().into_inner().contact.unwrap().contact_id
}

/// A child with a guardian, a case, and what a supervisor has begun there.
async fn in_hand(by: &Actor, person_id: &str, contact_id: &str) -> Ids {
    let (link, guardian) = by.guardian_of(person_id).await;
    let with_contact = OpenCaseRequest { contact_id: contact_id.to_owned(), ..open(person_id) };
    let case = by.open_case(with_contact).await.unwrap().case_id;
    let task = by.add_task(visit(&case, ahead(864_000))).await.unwrap().task_id;
    let assessment = by.start_assessment(&case, SCREENING).await.unwrap().assessment_id;
    let redirect = by.begin_redirect(&case).await.unwrap().redirect_id;
    let since = Timestamp { seconds: ahead(0).seconds - 3600, nanos: 0 };
    let detention = by.detain(held(&case, since)).await.unwrap().detention_id;
    let mut ids = person(person_id);
    ids.extend([
        ("guardian_id", guardian),
        ("link_id", link),
        ("contact_id", contact_id.to_owned()),
        ("case_id", case),
        ("task_id", task),
        ("assessment_id", assessment),
        ("redirect_id", redirect),
        ("detention_id", detention),
    ]);
    ids
}

/// The child of a case lives in the shelter, and is helped to return.
async fn lives_there(cast: &Cast, contact: &str, child: &mut Ids) {
    let by = &cast.supervisor;
    let stay = by.takes_in_from(contact, SHELTER, &child["case_id"]).await;
    let (id, referral) = (stay.admission_id, stay.referral_id);
    let from_there = StartReturnAssistanceRequest {
        admission_id: id.clone(),
        ..start(&child["case_id"], ReturnSubject::Adult)
    };
    let help = by.start_return(from_there).await.unwrap().return_id;
    let first = |sql: &str| cast.world.database.query(sql).unwrap()[0][0].clone().unwrap();
    child.extend([
        ("hold_id", first(&format!("SELECT hold_id FROM helpline.admissions WHERE admission_id = '{id}'"))),
        (
            "consent_id",
            first(&format!(
                "SELECT disclosure_id FROM helpline.disclosures WHERE referral_id = '{referral}'"
            )),
        ),
        (
            "delivery_id",
            first(&format!("SELECT delivery_id FROM helpline.deliveries WHERE referral_id = '{referral}'")),
        ),
        ("admission_id", id.clone()),
        ("accompanies_admission_id", id),
        ("referral_id", referral.clone()),
        ("part_of_id", referral),
        ("return_id", help),
    ]);
}

/// What a counsellor has themselves.
async fn own(cast: &Cast) -> Ids {
    let by = &cast.counsellor;
    let contact = past(by).await;
    let theirs = by.case_of_child().await;
    let task = by.add_task(visit(&theirs.case_id, ahead(864_000))).await.unwrap().task_id;
    let new = DraftReferralRequest { case_id: theirs.case_id.clone(), ..draft("", &[SHELTER]) };
    let referral = by.refer(new).await.referral_id;
    let wish = RequestAdmissionRequest {
        request_id: request_id(),
        referral_id: referral.clone(),
        service_id: SHELTER.to_owned(),
        unit: "bed".to_owned(),
    };
    let stay = by.admissions().request_admission(wish).await.unwrap().into_inner().admission.unwrap();
    let mut ids = person(&theirs.child_id);
    ids.extend([
        ("contact_id", contact),
        ("case_id", theirs.case_id),
        ("task_id", task),
        ("referral_id", referral.clone()),
        ("part_of_id", referral),
        ("admission_id", stay.admission_id.clone()),
        ("accompanies_admission_id", stay.admission_id),
    ]);
    ids
}
