//! What was put to the wrong child is put right.

use helpline_proto::casework::v1::{
    Case, GetMergeRequest, LinkCaseContactRequest, LinkPersonsRequest, ListCasesRequest, MoveCaseRequest,
    Relation, UndoMergeRequest, UnlinkCaseContactRequest,
};
use helpline_proto::referral::v1::DraftReferralRequest;
use helpline_tests::casework::{note, open};
use helpline_tests::referral::draft;
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use crate::referral::room::Partner;
use crate::stage::{Stage, chat, why};

async fn put(by: &Actor, case: &str, child: &str) -> Result<Case, Status> {
    let request = MoveCaseRequest {
        request_id: request_id(),
        case_id: case.to_owned(),
        child_id: child.to_owned(),
        remark: "It is about the brother.".to_owned(),
    };
    Ok(by.cases().move_case(request).await?.into_inner().case.unwrap())
}

async fn of_child(by: &Actor, child: &str) -> Vec<String> {
    let request = ListCasesRequest { child_id: child.to_owned(), ..ListCasesRequest::default() };
    let found = by.cases().list_cases(request).await.unwrap().into_inner().cases;
    found.into_iter().map(|case| case.case_id).collect()
}

#[tokio::test]
async fn what_was_written_while_two_were_taken_for_one_is_named_and_moved() {
    let stage = Stage::set().await;
    let (by, another) = (&stage.supervisor, stage.world.supervisor().await);
    let one = by.record_person("Aigerim", "+77015550100").await.person_id;
    let two = by.record_person("Aigul", "+77015550100").await.person_id;
    let before = by.open_case(open(&one)).await.unwrap().case_id;
    let asked = by.ask_merge(&one, &two).await.unwrap();
    let get = async |by: &Actor| {
        let request = GetMergeRequest { merge_id: asked.merge_id.clone() };
        Ok::<_, Status>(by.persons().get_merge(request).await?.into_inner().merge.unwrap())
    };
    let read = get(&another).await.unwrap();
    assert_eq!(read.reason, asked.reason, "who answers knows why");
    assert!(!read.reason.is_empty() && read.case_ids.is_empty());
    let counsellor = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    assert_eq!(why(get(&counsellor).await).reason, "ROLE_REFUSED");
    another.answer_merge(&asked, true).await.unwrap();
    // Written under the one, about the other.
    let mistaken =
        helpline_proto::casework::v1::OpenCaseRequest { kind: "migration".to_owned(), ..open(&one) };
    let mistaken = by.open_case(mistaken).await.unwrap().case_id;
    by.write_section(note(&mistaken, "Aigul has no papers.")).await.unwrap();
    let undo = UndoMergeRequest {
        request_id: request_id(),
        merge_id: asked.merge_id.clone(),
        reason: "They are sisters.".to_owned(),
    };
    let undone = another.persons().undo_merge(undo).await.unwrap().into_inner().merge.unwrap();
    assert_eq!(undone.case_ids, [mistaken.as_str()], "and not what was written before");
    assert_eq!(why(put(&counsellor, &mistaken, &two).await).reason, "ROLE_REFUSED");
    assert_eq!(put(by, &mistaken, &request_id()).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(why(put(by, &mistaken, &one).await).fields, ["child_id"]);
    assert_eq!(put(by, &mistaken, &two).await.unwrap().child_id, two);
    assert_eq!((of_child(by, &one).await, of_child(by, &two).await), (vec![before.clone()], vec![mistaken]));
    // Nor is there ever a second of a kind.
    by.open_case(open(&two)).await.unwrap();
    assert_eq!(why(put(by, &before, &two).await).reason, "ALREADY_EXISTS");
}

#[tokio::test]
async fn a_contact_that_is_about_another_child_is_linked_no_more() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let case = by.case_of_child().await.case_id;
    let contact = stage.receive(chat("ar")).await.contact_id;
    let link = |contact: &str| LinkCaseContactRequest {
        request_id: request_id(),
        case_id: case.clone(),
        contact_id: contact.to_owned(),
    };
    let unlink = async |contact: &str| {
        let request = UnlinkCaseContactRequest {
            request_id: request_id(),
            case_id: case.clone(),
            contact_id: contact.to_owned(),
        };
        Ok::<_, Status>(by.cases().unlink_case_contact(request).await?.into_inner().case.unwrap())
    };
    assert_eq!(unlink(&contact).await.unwrap_err().code(), Code::NotFound);
    by.cases().link_case_contact(link(&contact)).await.unwrap();
    assert_eq!(unlink(&contact).await.unwrap().contact_ids, Vec::<String>::new());
    let last = by.case_timeline(&case).await.unwrap().pop().unwrap();
    assert_eq!(last.event, "contact_unlinked");
    // What was asked of an agency for that child is settled first.
    by.cases().link_case_contact(link(&contact)).await.unwrap();
    let partner = Partner::new(&stage).await;
    let asked = DraftReferralRequest { case_id: case.clone(), ..draft(&contact, &[&partner.service]) };
    by.draft_referral(asked).await.unwrap();
    assert_eq!(why(unlink(&contact).await).metadata("state"), "in_use");
}

#[tokio::test]
async fn a_guardian_stays_in_sight_when_the_records_of_the_child_are_read_as_one() {
    let stage = Stage::set().await;
    let (by, another) = (&stage.supervisor, stage.world.supervisor().await);
    let owner = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let one = owner.record_person("Aigerim", "+77015550100").await.person_id;
    let two = by.record_person("Aygerim", "+77015550200").await.person_id;
    let guardian = by.record_person("Sholpan", "+77015550300").await.person_id;
    owner.open_case(open(&one)).await.unwrap();
    let link = LinkPersonsRequest {
        request_id: request_id(),
        person_id: two.clone(),
        relative_id: guardian.clone(),
        relation: Relation::Guardian.into(),
        from_time: None,
    };
    by.persons().link_persons(link).await.unwrap();
    assert_eq!(owner.person(&guardian).await.unwrap_err().code(), Code::NotFound);
    let asked = by.ask_merge(&two, &one).await.unwrap();
    another.answer_merge(&asked, true).await.unwrap();
    assert_eq!(owner.person(&guardian).await.unwrap().person_id, guardian);
}
