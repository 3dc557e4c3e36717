//! Whoever came by a link knows of one thing and of nothing else, whatever they call.

use helpline_proto::referral::v1::{GetReferralRequest, Referral};
use helpline_proto::{METHODS, Role};
use helpline_tests::{Actor, Linked, Refused, World, request_id};
use prost::Message as _;
use prost_reflect::Value;
use tonic::{Code, Status};

use crate::cast::Cast;
use crate::requests::well_formed;
use crate::schema;

/// What names what a call is about.
const SUBJECTS: [&str; 3] = ["escalation_id", "referral_id", "task_id"];

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
    // A referral that the agency has taken on, with a task that it was given.
    let tasks = [world.link_to_task(agency).await, world.link_to_task(agency).await];
    let tasks = tasks.map(|(linked, task)| (linked, task.task_id));
    let of = |linked: &Linked| (linked.clone(), request_id());
    let all: Vec<_> = referrals.iter().chain(&escalations).map(of).chain(tasks).collect();
    let responder = world.responder(agency).await;
    for (one, _) in all.iter().filter(|(one, _)| !one.referral_id.is_empty()) {
        get(&responder, &one.referral_id).await.unwrap();
    }
    let before = done(world);
    let mut calls = 0;
    for (visited, _) in &all {
        let visitor = visited.opened().await;
        for (other, task_id) in all.iter().filter(|(one, _)| one.delivery_id != visited.delivery_id) {
            calls += reach(&cast, &visitor, (other, task_id)).await;
        }
    }
    assert!(calls >= 200, "only {calls} calls");
    assert_eq!(done(world), before, "nothing was done to any");
}

/// How much was done by agencies: who opens a link does nothing yet.
fn done(world: &World) -> [Option<String>; 3] {
    ["referral_events", "escalation_events", "case_events"].map(|events| {
        let sql = format!(
            "SELECT count(*) FROM helpline.{events} WHERE actor_role = 'agency_responder' AND event <> 'link_opened'"
        );
        world.database.query(&sql).unwrap().remove(0).remove(0)
    })
}

/// Calls every method that a visitor may call about what is not theirs; how many.
async fn reach(cast: &Cast, visitor: &Actor, (other, task_id): (&Linked, &str)) -> usize {
    let mut calls = 0;
    for method in METHODS.iter().filter(|method| method.roles.contains(&Role::AgencyVisitor)) {
        let about = |place: &schema::Place| SUBJECTS.contains(&place.path.as_str());
        let Some(place) = schema::places(method).into_iter().find(about) else {
            // What names nothing shows what is theirs.
            assert!(["GetVisit", "ListTasks"].contains(&method.name), "{}", method.name);
            continue;
        };
        // The id of the one kind in the field of the other finds nothing either.
        let id = if other.referral_id.is_empty() { &other.escalation_id } else { &other.referral_id };
        let id = if place.path == "task_id" { task_id } else { id };
        let mut request = well_formed(method);
        place.put(&mut request, Value::String(id.to_owned()));
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
    assert_eq!(
        named("helpline.casework.v1.TaskService"),
        ["AnswerTask", "CompleteTask", "GetTask", "ListTasks"]
    );
    for closed in ["PersonService", "CaseService", "AssessmentService"] {
        assert!(named(&format!("helpline.casework.v1.{closed}")).is_empty(), "{closed}");
    }
    for closed in ["CapacityService", "AdmissionService", "ConsentService"] {
        assert!(named(&format!("helpline.referral.v1.{closed}")).is_empty(), "{closed}");
    }
    assert!(named("helpline.shelter.v1.ShelterService").is_empty());
}
