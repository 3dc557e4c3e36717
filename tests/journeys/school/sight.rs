//! Who knows of a report.

use helpline_domain::caller::Role;
use helpline_tests::school::{assess, close, file, link, reported, tell};
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use super::room::School;
use crate::stage::{call, why};

#[tokio::test]
async fn to_everybody_else_a_report_is_not_there_and_neither_are_others_like_it() {
    let school = School::new().await;
    let other = school.stage.desk(Abilities::speaking(&["ru"])).await;
    school.stage.receive(call("ru")).await;
    let theirs = other.take().await;
    let id = school.filed().await;
    let centre = school.stage.world.another_centre().await;
    let elsewhere = school.stage.world.bearer(centre.id, Role::Supervisor, None).await;
    let nobody = why(other.actor.school_report(&request_id()).await);
    for refused in [
        why(other.actor.school_report(&id).await),
        why(other.actor.assess_report(assess(&id)).await),
        why(other.actor.close_report(close(&id)).await),
        why(elsewhere.school_report(&id).await),
    ] {
        assert_eq!((refused.code, &refused.reason), (Code::NotFound, &nobody.reason));
        assert_eq!(refused.metadata("resource"), "school_report");
    }
    // Nor may they report from a contact of another.
    let foreign = why(other.actor.file_report(file(&school.contact.contact_id)).await);
    let unknown = why(other.actor.file_report(file(&request_id())).await);
    assert_eq!((foreign.code, foreign.metadata("resource")), (unknown.code, unknown.metadata("resource")));
    assert_eq!(foreign.metadata("resource"), "contact");

    // The same school at the same time: supervisors are told, they are not.
    let second = other.actor.file_report(file(&theirs.contact_id)).await.unwrap();
    assert!(second.perhaps_same_report_ids.is_empty());
    assert_eq!(second.school_id, "", "it would tell that somebody has reported about it");
    let seen = school.stage.supervisor.school_report(&second.school_report_id).await.unwrap();
    assert_eq!(seen.perhaps_same_report_ids, std::slice::from_ref(&id));
    school.stage.supervisor.link_reports(link(&id, &second.school_report_id)).await.unwrap();
    let seen = other.actor.school_report(&second.school_report_id).await.unwrap();
    assert!(seen.linked_report_ids.is_empty());

    // Whoever filed it still sees it when the contact is another's.
    school.desk.complete(&school.contact).await;
    assert_eq!(school.amina().school_report(&id).await.unwrap().narrative, "He hits them with a ruler.");
    let looks = format!(
        "SELECT count(*) FROM helpline.journal WHERE event = 'school_report_seen' AND actor_id = '{}'",
        school.desk.id()
    );
    assert_eq!(school.stage.value(&looks), "2", "filing and reading");

    // That a report to the authority about another contact does for theirs does not tell that there is another.
    let theirs = second.school_report_id.as_str();
    let escalation = school.amina().raise_mandatory_report(&school.contact.contact_id).await;
    other.actor.assess_report(assess(theirs)).await.unwrap();
    let borrowed = school.stage.supervisor.report_school(reported(theirs, &escalation)).await.unwrap();
    assert_eq!(borrowed.escalation_id, escalation);
    assert_eq!(other.actor.school_report(theirs).await.unwrap().escalation_id, "");
    other.actor.tell_reporter(tell(theirs)).await.unwrap();
    let open = why(other.actor.close_report(close(theirs)).await);
    assert_eq!((open.reason.as_str(), open.metadata("escalation")), ("MANDATORY_REPORT_OPEN", ""));
}
