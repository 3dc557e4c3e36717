//! A school is handed a child over, and learns who comes; not where from.

use helpline_proto::casework::v1::{AddTaskRequest, LinkCaseContactRequest, ListTasksRequest};
use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{
    DraftReferralRequest, ListReferralTimelineRequest, ListReferralsRequest, RecordConsentRequest,
    ReferralParticulars,
};
use helpline_tests::casework::visit;
use helpline_tests::referral::{consent, draft, every_class};
use helpline_tests::request_id;
use prost::Message as _;

use super::room::{DAY, Flight};
use crate::referral::room::get;
use crate::stage::{chat, why};

/// In everything that tells where the child comes from.
const MARKER: &str = "ORIGIN-7715";

#[tokio::test]
async fn a_school_learns_who_comes_and_nothing_of_where_from() {
    let flight = Flight::new().await;
    let by = &flight.stage.supervisor;
    let create = |classes: &[FieldClass]| CreateAgencyRequest {
        request_id: request_id(),
        agency: Some(Agency {
            display_name: "School 12".to_owned(),
            kind: AgencyKind::School.into(),
            field_classes: classes.iter().map(|class| i32::from(*class)).collect(),
            ..Agency::default()
        }),
    };
    let mut agencies = flight.stage.world.administrator().agencies();
    for class in [
        FieldClass::Legal,
        FieldClass::Narrative,
        FieldClass::Location,
        FieldClass::Health,
        FieldClass::Perpetrator,
    ] {
        let more = agencies.create_agency(create(&[FieldClass::Identity, class])).await;
        assert_eq!(why(more).fields, ["agency.field_classes"]);
    }
    let known = agencies.create_agency(create(&[FieldClass::Identity, FieldClass::Contact])).await;
    let agency = known.unwrap().into_inner().agency.unwrap().agency_id.parse().unwrap();
    let service = flight.stage.world.service(agency).await;
    let school = flight.stage.world.responder(agency).await;

    let one = flight.announced(&["a1"]).await.remove(0);
    let (case, _) = flight.settled(&one).await;
    let contact = flight.stage.receive(chat("ar")).await;
    let link = LinkCaseContactRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        contact_id: contact.contact_id.clone(),
    };
    by.cases().link_case_contact(link).await.unwrap();
    let marked = || format!("{MARKER} camp");
    let referral = by
        .draft_referral(DraftReferralRequest {
            case_id: case.case_id.clone(),
            need: "school_placement".to_owned(),
            particulars: Some(ReferralParticulars {
                identity: "Aigerim, eleven, speaks Arabic".to_owned(),
                contact: "her aunt".to_owned(),
                location: marked(),
                narrative: marked(),
                health: marked(),
                legal: marked(),
                perpetrator: marked(),
            }),
            ..draft(&contact.contact_id, &[&service])
        })
        .await
        .unwrap();
    // Whatever anybody agrees to, a school is not told more.
    let all = RecordConsentRequest { field_classes: every_class(), ..consent(&referral, agency) };
    assert_eq!(why(by.consents().record_consent(all).await).fields, ["field_classes"]);
    let some = vec![FieldClass::Identity.into(), FieldClass::Contact.into()];
    by.consents()
        .record_consent(RecordConsentRequest { field_classes: some, ..consent(&referral, agency) })
        .await
        .unwrap();
    by.send_referral(&referral).await.unwrap();
    let taken = school.accept_referral(&referral).await.unwrap();
    assert_eq!(taken.particulars.as_ref().unwrap().identity, "Aigerim, eleven, speaks Arabic");
    let attendance = AddTaskRequest {
        referral_id: referral.referral_id.clone(),
        task: "attendance".to_owned(),
        domain: "education".to_owned(),
        note: marked(),
        ..visit(&case.case_id, flight.later(30 * DAY))
    };
    let task = by.add_task(attendance).await.unwrap();

    // Everything that it can read.
    let mut read = vec![taken.encode_to_vec(), get(&school, &referral).await.unwrap().encode_to_vec()];
    let list = school.referrals().list_referrals(ListReferralsRequest::default()).await.unwrap();
    read.push(list.into_inner().encode_to_vec());
    let timeline = ListReferralTimelineRequest {
        referral_id: referral.referral_id.clone(),
        ..ListReferralTimelineRequest::default()
    };
    read.push(
        school.referrals().list_referral_timeline(timeline).await.unwrap().into_inner().encode_to_vec(),
    );
    let own = school.task(&task.task_id).await.unwrap();
    assert_eq!((own.task.as_str(), own.plan.as_str(), own.note.as_str()), ("attendance", "", ""));
    read.push(own.encode_to_vec());
    let tasks = school.tasks().list_tasks(ListTasksRequest::default()).await.unwrap().into_inner();
    assert_eq!(tasks.tasks.len(), 1);
    read.push(tasks.encode_to_vec());
    // What it does is to say that the child comes.
    super::room::done(&school, &task).await;
    read.push(school.task(&task.task_id).await.unwrap().encode_to_vec());
    let ids = [case.case_id, one.person_id, one.returnee_id, flight.cohort_id.clone()];
    for bytes in read {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let told = ids.iter().map(String::as_str).chain([MARKER, "reintegration", "cohort", "returnee"]);
        for word in told {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}
