//! A child whose case began without a contact is referred, too; and who has the case has what was asked for in it.

use helpline_proto::casework::v1::{AnswerCaseTransferRequest, LinkCaseContactRequest};
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{DraftReferralRequest, ListReferralsRequest, Referral, RejectReason};
use helpline_tests::casework::transfer;
use helpline_tests::migrant::fear;
use helpline_tests::referral::draft;
use helpline_tests::{Abilities, Actor, request_id};
use tonic::Code;

use super::room::{Partner, get, reject};
use crate::alerts::listed;
use crate::stage::{Stage, chat, until, why};

/// A draft of a case alone.
fn of_case(case_id: &str, partners: &[&Partner]) -> DraftReferralRequest {
    let services: Vec<&str> = partners.iter().map(|partner| partner.service.as_str()).collect();
    DraftReferralRequest { case_id: case_id.to_owned(), ..draft("", &services) }
}

async fn listed_of(by: &Actor, case_id: &str) -> Vec<String> {
    let request = ListReferralsRequest { case_id: case_id.to_owned(), ..ListReferralsRequest::default() };
    let found = by.referrals().list_referrals(request).await.unwrap().into_inner().referrals;
    found.into_iter().map(|one| one.referral_id).collect()
}

#[tokio::test]
async fn a_case_without_a_contact_is_referred_and_its_next_owner_goes_on_with_it() {
    let stage = Stage::set().await;
    let partner = Partner::new(&stage).await;
    let [owner, next, stranger] = [
        stage.world.counsellor(Abilities::speaking(&["ar"])).await,
        stage.world.counsellor(Abilities::speaking(&["ar"])).await,
        stage.world.counsellor(Abilities::speaking(&["ar"])).await,
    ];
    let case = owner.case_of_child().await;
    let of = || of_case(&case.case_id, &[&partner]);

    let nowhere = DraftReferralRequest { case_id: String::new(), ..of() };
    assert_eq!(why(owner.draft_referral(nowhere).await).fields, ["contact_id"]);
    let strange = why(stranger.draft_referral(of()).await);
    assert_eq!((strange.code, strange.metadata("resource")), (Code::NotFound, "case"));

    let referral = owner.refer(of()).await;
    assert_eq!((referral.contact_id.as_str(), &referral.case_id), ("", &case.case_id));
    assert_eq!(listed_of(&owner, &case.case_id).await, std::slice::from_ref(&referral.referral_id));
    assert_eq!(listed_of(&stranger, &case.case_id).await, [] as [String; 0]);
    let other = owner.case_of_child().await;
    assert_eq!(listed_of(&owner, &other.case_id).await, [] as [String; 0]);
    let taken: Referral = partner.responder.accept_referral(&referral).await.unwrap();
    assert_eq!((taken.case_id.as_str(), taken.contact_id.as_str()), ("", ""), "the centre's own affair");
    assert_eq!(why(owner.move_case(&case.case_id, "closed").await).reason, "CASE_OPEN_WORK");

    // Work is split in the same case, and in no other.
    let part = |case_id: &str| DraftReferralRequest {
        part_of_id: referral.referral_id.clone(),
        ..of_case(case_id, &[&partner])
    };
    assert_eq!(why(owner.draft_referral(part(&other.case_id)).await).fields, ["part_of_id"]);
    owner.draft_referral(part(&case.case_id)).await.unwrap();

    assert_eq!(why(get(&next, &referral).await).code, Code::NotFound);
    owner.cases().transfer_case(transfer(&case.case_id, &next.counsellor_id)).await.unwrap();
    let offered = get(&next, &referral).await;
    assert_eq!(why(offered).code, Code::NotFound, "a reader of the case does not learn what was arranged");
    let answer = AnswerCaseTransferRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        accept: true,
        remark: String::new(),
    };
    next.cases().answer_case_transfer(answer).await.unwrap();
    assert_eq!(get(&next, &referral).await.unwrap().referral_id, referral.referral_id);
    assert_eq!(listed_of(&next, &case.case_id).await.len(), 2);
    next.draft_referral(of()).await.unwrap();
}

#[tokio::test]
async fn a_part_is_of_the_same_contact_or_of_the_same_case() {
    let stage = Stage::set().await;
    let (partner, by) = (Partner::new(&stage).await, &stage.supervisor);
    let [case, other] = [by.case_of_child().await.case_id, by.case_of_child().await.case_id];
    let contact = stage.receive(chat("ar")).await.contact_id;
    for case in [&case, &other] {
        let (case_id, contact_id) = (case.clone(), contact.clone());
        let link = LinkCaseContactRequest { request_id: request_id(), case_id, contact_id };
        by.cases().link_case_contact(link).await.unwrap();
    }
    let of = |contact: &str, case: &str| DraftReferralRequest {
        contact_id: contact.to_owned(),
        ..of_case(case, &[&partner])
    };
    let of_contact = by.draft_referral(of(&contact, "")).await.unwrap().referral_id;
    let of_case = by.draft_referral(of("", &case)).await.unwrap().referral_id;
    let of_both = by.draft_referral(of(&contact, &case)).await.unwrap().referral_id;
    for (whole, contact, case, same) in [
        (&of_contact, &*contact, "", true),
        (&of_contact, &contact, &*case, true),
        (&of_contact, "", &case, false),
        (&of_case, &contact, "", false),
        (&of_case, &contact, &case, true),
        (&of_case, &contact, &other, false),
        (&of_case, "", &case, true),
        (&of_both, &contact, "", true),
        (&of_both, &contact, &other, true),
        (&of_both, "", &case, true),
        (&of_both, "", &other, false),
    ] {
        let part = DraftReferralRequest { part_of_id: whole.clone(), ..of(contact, case) };
        let drafted = by.draft_referral(part).await;
        if same {
            assert_eq!(&drafted.unwrap().part_of_id, whole);
        } else {
            assert_eq!(why(drafted).fields, ["part_of_id"]);
        }
    }
}

#[tokio::test]
async fn a_need_that_nobody_met_is_told_until_the_case_is_referred_anew() {
    let stage = Stage::set().await;
    let [first, second] = [Partner::new(&stage).await, Partner::new(&stage).await];
    let by = &stage.supervisor;
    let case = by.case_of_child().await;
    let referral = by.refer(of_case(&case.case_id, &[&first])).await;
    reject(&first.responder, &referral, RejectReason::AtCapacity).await.unwrap();
    let told = async || {
        let open = listed(by, true).await;
        open.iter()
            .any(|one| one.kind() == AlertKind::ReferralUnmet && one.referral_id == referral.referral_id)
    };
    until("supervisors are told", async || told().await.then_some(())).await;
    by.refer(of_case(&case.case_id, &[&second])).await;
    until("the child is referred anew", async || (!told().await).then_some(())).await;
}

#[tokio::test]
async fn the_mission_of_a_feared_country_is_asked_from_no_case_either() {
    let stage = Stage::set().await;
    let agency = stage.world.embassy("KW").await;
    let responder = stage.world.responder(agency).await;
    let mission = Partner { agency, service: stage.world.service(agency).await, responder };
    let by = &stage.supervisor;
    let case = by.case_of_child().await;
    let referral = by.refer(of_case(&case.case_id, &[&mission])).await;
    assert!(get(&mission.responder, &referral).await.is_ok());
    by.protect(fear(&case.case_id, "KW")).await.unwrap();
    assert_eq!(why(get(&mission.responder, &referral).await).code, Code::NotFound);
    let again = by.draft_referral(of_case(&case.case_id, &[&mission])).await;
    assert_eq!(why(again).reason, "CONSULATE_REFUSED");
}
