//! Whoever came by a link knows of one thing and of nothing else, whatever they call.

use helpline_proto::referral::v1::{GetReferralRequest, Referral};
use helpline_proto::{METHODS, Role};
use helpline_tests::{Actor, Linked, Refused};
use prost::Message as _;
use prost_reflect::Value;
use tonic::{Code, Status};

use crate::cast::Cast;
use crate::requests::well_formed;
use crate::schema;

/// What names what a call is about.
const SUBJECTS: [&str; 2] = ["escalation_id", "referral_id"];

async fn get(actor: &Actor, referral_id: &str) -> Result<Referral, Status> {
    let request = GetReferralRequest { referral_id: referral_id.to_owned() };
    Ok(actor.referrals().get_referral(request).await?.into_inner().referral.unwrap())
}

#[tokio::test]
async fn a_visitor_reaches_nothing_but_what_the_link_led_to() {
    let cast = Cast::new().await;
    let world = &cast.world;
    let agency = world.agency().await;
    let referrals = [world.link_to_referral(agency).await, world.link_to_referral(agency).await];
    let escalations = [world.link(agency).await, world.link(agency).await];
    let responder = world.responder(agency).await;
    for one in &referrals {
        get(&responder, &one.referral_id).await.unwrap();
    }
    let mut calls = 0;
    for visited in referrals.iter().chain(&escalations) {
        let visitor = visited.opened().await;
        let others =
            referrals.iter().chain(&escalations).filter(|one| one.delivery_id != visited.delivery_id);
        for other in others {
            calls += reach(&cast, &visitor, other).await;
        }
    }
    assert!(calls >= 80, "only {calls} calls");
    for events in ["referral_events", "escalation_events"] {
        let done = format!("SELECT count(*) FROM helpline.{events} WHERE actor_role = 'agency_responder'");
        assert_eq!(
            world.database.query(&done).unwrap()[0][0].as_deref(),
            Some("0"),
            "nothing was done to any"
        );
    }
}

/// Calls every method that a visitor may call about what is not theirs; how many.
async fn reach(cast: &Cast, visitor: &Actor, other: &Linked) -> usize {
    let mut calls = 0;
    for method in METHODS.iter().filter(|method| method.roles.contains(&Role::AgencyVisitor)) {
        let about = |place: &schema::Place| SUBJECTS.contains(&place.path.as_str());
        let Some(place) = schema::places(method).into_iter().find(about) else {
            assert_eq!(method.name, "GetVisit", "a visitor calls nothing that names nothing");
            continue;
        };
        // The id of the one kind in the field of the other finds nothing either.
        let id = if other.referral_id.is_empty() { &other.escalation_id } else { &other.referral_id };
        let mut request = well_formed(method);
        place.put(&mut request, Value::String(id.clone()));
        let answer = cast.call_with(method, Some(visitor.secret()), request.encode_to_vec()).await;
        let refused = Refused::from(&answer.expect_err(method.name));
        assert_eq!(refused.code, Code::NotFound, "{}: {refused:?}", method.name);
        calls += 1;
    }
    calls
}

#[tokio::test]
async fn a_visitor_to_a_referral_may_call_what_answers_it_and_nothing_else() {
    let cast = Cast::new().await;
    let visitor = cast.world.link_to_referral(cast.world.agency().await).await.opened().await;
    for method in METHODS {
        let answer = cast.call_with(method, Some(visitor.secret()), Vec::new()).await;
        let code = answer.as_ref().err().map_or(Code::Ok, Status::code);
        let shut = code == Code::PermissionDenied;
        assert_eq!(shut, !method.roles.contains(&Role::AgencyVisitor), "{}: {code:?}", method.path);
    }
    let named = |service: &str| {
        let theirs = METHODS.iter().filter(|method| method.roles.contains(&Role::AgencyVisitor));
        theirs.filter(|method| method.service == service).map(|method| method.name).collect::<Vec<_>>()
    };
    assert_eq!(
        named("helpline.referral.v1.ReferralService"),
        [
            "AcceptReferral",
            "AddReferralRemark",
            "AnswerCancelReferral",
            "AskToCancelReferral",
            "GetReferral",
            "ListReferralTimeline",
            "RecordAppointment",
            "RecordReferralOutcome",
            "RejectReferral",
            "ReportReferralProgress",
            "ScheduleAppointment",
        ],
        "a new one needs a thought and a line here"
    );
    for closed in ["CapacityService", "AdmissionService", "ConsentService"] {
        assert!(named(&format!("helpline.referral.v1.{closed}")).is_empty(), "{closed}");
    }
    assert!(named("helpline.shelter.v1.ShelterService").is_empty());
}
