//! Who may read a case: its owner and supervisors, whom they let in, and who breaks the glass.

use helpline_proto::casework::v1::{
    BreakGlassRequest, GrantCaseAccessRequest, LinkPersonsRequest, ListCasesRequest, OpenCaseRequest,
    Relation, RevokeCaseAccessRequest,
};
use helpline_tests::casework::{note, open, transfer};
use helpline_tests::{Abilities, Actor, request_id};
use prost_types::Duration;
use tonic::Code;

use crate::stage::{Stage, chat, why};

async fn counsellor(stage: &Stage) -> Actor {
    stage.world.counsellor(Abilities::speaking(&["ar"])).await
}

pub(super) fn grant(case_id: &str, to: &Actor) -> GrantCaseAccessRequest {
    GrantCaseAccessRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        counsellor_id: to.counsellor_id.clone(),
        lifetime: Some(Duration { seconds: 600, nanos: 0 }),
    }
}

async fn listed(by: &Actor) -> usize {
    by.cases().list_cases(ListCasesRequest::default()).await.unwrap().into_inner().cases.len()
}

#[tokio::test]
async fn a_colleague_knows_nothing_of_a_case_until_they_are_let_in_and_again_afterwards() {
    let stage = Stage::set().await;
    let (owner, colleague) = (counsellor(&stage).await, counsellor(&stage).await);
    let child = owner.record_person("Aigerim", "+77015550100").await;
    let case = owner.open_case(open(&child.person_id)).await.unwrap();
    let shut_out = async || {
        assert_eq!(colleague.case(&case.case_id).await.unwrap_err().code(), Code::NotFound);
        assert_eq!(colleague.case_timeline(&case.case_id).await.unwrap_err().code(), Code::NotFound);
        let write = colleague.write_section(note(&case.case_id, "Hm.")).await;
        assert_eq!(write.unwrap_err().code(), Code::NotFound);
        assert_eq!(colleague.person(&child.person_id).await.unwrap_err().code(), Code::NotFound);
        assert_eq!(listed(&colleague).await, 0);
    };
    shut_out().await;
    owner.case_access().grant_case_access(grant(&case.case_id, &colleague)).await.unwrap();
    colleague.write_section(note(&case.case_id, "I know the school.")).await.unwrap();
    assert_eq!(colleague.person(&child.person_id).await.unwrap().person_id, child.person_id);
    assert_eq!(listed(&colleague).await, 1);
    // Let in is not in charge.
    assert_eq!(why(colleague.move_case(&case.case_id, "closed").await).metadata("state"), "not_owner");
    let on = colleague.cases().transfer_case(transfer(&case.case_id, &colleague.counsellor_id)).await;
    assert_eq!(why(on).metadata("state"), "not_owner");
    stage.world.advance(601.0);
    shut_out().await;
    owner.case_access().grant_case_access(grant(&case.case_id, &colleague)).await.unwrap();
    let revoke = RevokeCaseAccessRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        counsellor_id: colleague.counsellor_id.clone(),
    };
    owner.case_access().revoke_case_access(revoke.clone()).await.unwrap();
    shut_out().await;
    let twice = RevokeCaseAccessRequest { request_id: request_id(), ..revoke };
    assert_eq!(why(owner.case_access().revoke_case_access(twice).await).metadata("state"), "not_granted");
}

#[tokio::test]
async fn who_breaks_the_glass_says_why_and_it_is_on_record() {
    let stage = Stage::set().await;
    let (owner, colleague) = (counsellor(&stage).await, counsellor(&stage).await);
    let case = owner.case_of_child().await;
    let glass = |reason: &str| BreakGlassRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        reason: reason.to_owned(),
        child_id: String::new(),
    };
    assert_eq!(why(colleague.case_access().break_glass(glass("because")).await).fields, ["reason"]);
    let nowhere = BreakGlassRequest { case_id: request_id(), ..glass("The child is on the line.") };
    assert_eq!(colleague.case_access().break_glass(nowhere).await.unwrap_err().code(), Code::NotFound);
    colleague.case_access().break_glass(glass("The child is on the line.")).await.unwrap();
    colleague.case_timeline(&case.case_id).await.unwrap();
    let again = colleague.case_access().break_glass(glass("The child is on the line.")).await;
    assert_eq!(why(again).metadata("state"), "granted");
    let timeline = owner.case_timeline(&case.case_id).await.unwrap();
    let last = timeline.last().unwrap();
    assert_eq!((last.event.as_str(), last.text.as_str()), ("glass_broken", "The child is on the line."));
    let journal = format!(
        "SELECT string_agg(event, ' ' ORDER BY entry_id) FROM helpline.journal WHERE actor_id = '{}' AND event LIKE 'case%'",
        colleague.counsellor_id
    );
    assert_eq!(stage.value(&journal), "case_glass_broken case_read");
    stage.world.advance(3601.0);
    assert_eq!(colleague.case(&case.case_id).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn who_knows_a_telephone_does_not_make_themselves_the_owner_of_what_is_known() {
    let stage = Stage::set().await;
    let owner = counsellor(&stage).await;
    let stranger = stage.desk(Abilities::speaking(&["ar"])).await;
    let child = owner.record_person("Aigerim", "+77015550100").await.person_id;
    owner.open_case(open(&child)).await.unwrap();
    assert_eq!(stranger.actor.find_by_telephone("+77015550100").await, ["Aigerim"]);
    for kind in ["protection", "migration", "welfare"] {
        let request = OpenCaseRequest { kind: kind.to_owned(), ..open(&child) };
        let refused = why(stranger.actor.open_case(request).await);
        assert_eq!((refused.code, refused.metadata("resource")), (Code::NotFound, "person"), "{kind}");
    }
    assert_eq!(stranger.actor.person(&child).await.unwrap_err().code(), Code::NotFound);
    // With the child on the line it is theirs to act; but which kind of case there is must not be told by the answer.
    let contact = stage.receive(chat("ar")).await;
    let in_hand = |kind: &str| OpenCaseRequest {
        kind: kind.to_owned(),
        contact_id: contact.contact_id.clone(),
        ..open(&child)
    };
    assert_eq!(why(stranger.actor.open_case(in_hand("migration")).await).metadata("resource"), "contact");
    stranger.take().await;
    for kind in ["protection", "migration", "welfare"] {
        let refused = why(stranger.actor.open_case(in_hand(kind)).await);
        let said = (refused.reason.as_str(), refused.metadata("resource"), refused.metadata("state"));
        assert_eq!(said, ("STATE_REFUSED", "case", "hidden"), "{kind}");
    }
    let glass = BreakGlassRequest {
        request_id: request_id(),
        case_id: String::new(),
        reason: "The child is on the line.".to_owned(),
        child_id: child.clone(),
    };
    let opened = stranger.actor.case_access().break_glass(glass).await.unwrap().into_inner().cases;
    assert_eq!(opened.iter().map(|case| case.kind.as_str()).collect::<Vec<_>>(), ["protection"]);
    stranger.actor.open_case(in_hand("migration")).await.unwrap();
    assert_eq!(stranger.actor.person(&child).await.unwrap().person_id, child);
}

#[tokio::test]
async fn no_link_keeps_a_child_in_sight_after_the_glass_is_whole_again() {
    let stage = Stage::set().await;
    let (owner, colleague) = (counsellor(&stage).await, counsellor(&stage).await);
    let child = owner.record_person("Aigerim", "+77015550100").await.person_id;
    let guardian = owner.record_person("Saule", "+77015550111").await.person_id;
    let case = owner.open_case(open(&child)).await.unwrap();
    let own = colleague.record_person("Nobody", "+77015550999").await.person_id;
    colleague.open_case(open(&own)).await.unwrap();
    let link = |person: &str, relative: &str| LinkPersonsRequest {
        request_id: request_id(),
        person_id: person.to_owned(),
        relative_id: relative.to_owned(),
        relation: Relation::Sibling.into(),
        from_time: None,
    };
    let strange = why(colleague.persons().link_persons(link(&own, &child)).await);
    assert_eq!(
        (strange.code, strange.metadata("resource")),
        (Code::NotFound, "person"),
        "both must be known"
    );
    owner.persons().link_persons(link(&child, &guardian)).await.unwrap();
    let glass = BreakGlassRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        reason: "The child is on the line.".to_owned(),
        child_id: String::new(),
    };
    colleague.case_access().break_glass(glass).await.unwrap();
    assert_eq!(colleague.person(&guardian).await.unwrap().person_id, guardian, "who belongs to the child");
    colleague.persons().link_persons(link(&own, &child)).await.unwrap();
    stage.world.advance(3601.0);
    for person in [&child, &guardian] {
        assert_eq!(colleague.person(person).await.unwrap_err().code(), Code::NotFound);
    }
}
