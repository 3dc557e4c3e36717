//! Children are announced: many at once, all of them or none, by whom and to whom it may be known.

use helpline_proto::casework::v1::PersonProfile;
use helpline_proto::directory::v1::DisableCounsellorRequest;
use helpline_proto::reintegration::v1::{AnnouncedChild, CreateCohortRequest, ListCohortsRequest};
use helpline_tests::reintegration::{announce, child, create, grant, reschedule_cohort, revoke};
use helpline_tests::{Abilities, request_id};
use prost_types::Timestamp;
use tonic::Code;

use super::room::{DAY, Flight};
use crate::stage::why;

#[tokio::test]
async fn children_are_announced_all_or_none_and_a_bad_row_names_its_place() {
    let flight = Flight::new().await;
    let (by, id) = (&flight.stage.supervisor, flight.cohort_id.as_str());
    let counts = || {
        let sql = "SELECT (SELECT count(*) FROM helpline.persons) || ' ' || (SELECT count(*) FROM helpline.person_links) || ' '
            || (SELECT count(*) FROM helpline.returnees) || ' ' || (SELECT sum(announced) FROM helpline.cohorts)";
        flight.stage.value(sql)
    };
    let wrong = AnnouncedChild {
        profile: Some(PersonProfile { birth_date: "yesterday".to_owned(), ..PersonProfile::default() }),
        ..child("k3", "f")
    };
    let refused = why(by.announce(announce(id, vec![child("k1", "f"), child("k2", "f"), wrong])).await);
    assert_eq!(refused.fields, ["children[2].profile.birth_date"]);
    let twice = why(by.announce(announce(id, vec![child("k1", "f"), child("k1", "g")])).await);
    assert_eq!(twice.fields, ["children[1].list_key"]);
    let nobody = why(by.announce(announce(id, vec![])).await);
    assert_eq!(nobody.fields, ["children"]);
    let many = (0..201).map(|n| child(&format!("k{n}"), "")).collect();
    assert_eq!(why(by.announce(announce(id, many)).await).fields, ["children"]);
    let large = (0..21).map(|n| child(&format!("k{n}"), "f")).collect();
    assert_eq!(why(by.announce(announce(id, large)).await).fields, ["children[20].family_key"]);
    // However many rows are wrong, the answer can be read: it names the first of them.
    let all_wrong = (0..200).map(|_| child("", "")).collect();
    let many = why(by.announce(announce(id, all_wrong)).await);
    assert_eq!(many.fields[0], "children[0].list_key");
    assert!((20..200).contains(&many.fields.len()), "{}", many.fields.len());
    let far = Some(Timestamp { seconds: 253_402_300_799, nanos: 0 });
    let late = AnnouncedChild { expected_time: far, ..child("k2", "") };
    let never = why(by.announce(announce(id, vec![child("k1", ""), late])).await);
    assert_eq!(never.fields, ["children[1].expected_time"]);
    assert_eq!(counts(), "0 0 0 0");

    // Two hundred, of whom four are a family; and the same again.
    let family = |n: usize| if n < 4 { "f" } else { "" };
    let children: Vec<_> = (0..200).map(|n| child(&format!("k{n}"), family(n))).collect();
    let request = announce(id, children);
    let all = by.announce(request.clone()).await.unwrap();
    assert_eq!(counts(), "200 6 200 200");
    let keys: Vec<_> = all.iter().map(|one| one.list_key.as_str()).collect();
    assert_eq!((keys[0], keys[199]), ("k0", "k199"), "in the order of the list");
    assert_eq!(by.announce(request.clone()).await.unwrap(), all);
    assert_eq!(counts(), "200 6 200 200");
    let known = why(by.announce(announce(id, vec![child("new", ""), child("k7", "")])).await);
    assert_eq!(
        (known.reason.as_str(), known.fields),
        ("INVALID_FIELD", vec!["children[1].list_key".to_owned()])
    );
    let punctuated = by.announce(announce(id, vec![child("k-7", "")])).await.unwrap();
    assert_eq!(punctuated.len(), 1, "a key is compared to the letter");
    assert_eq!(by.cohort(id).await.unwrap().announced_children, 201);

    // Nothing about a record tells that it was made with the others.
    let spread = "SELECT count(DISTINCT date_trunc('hour', recorded_at)) > 50
            AND count(DISTINCT extract(microseconds FROM recorded_at)::bigint % 1000) > 50 FROM helpline.persons";
    assert_eq!(flight.stage.value(spread), "t");
    let versions = "SELECT string_agg(DISTINCT substr(person_id::text, 15, 1), '') FROM helpline.persons";
    assert_eq!(flight.stage.value(versions), "4", "an id tells no time");
}

#[tokio::test]
async fn two_who_announce_the_same_children_at_once_announce_them_once() {
    let flight = Flight::new().await;
    let by = &flight.stage.supervisor;
    let request = || announce(&flight.cohort_id, vec![child("a", "f"), child("b", "f")]);
    let answers = tokio::join!(by.announce(request()), by.announce(request()), by.announce(request()));
    let answers = [answers.0, answers.1, answers.2];
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refused in answers.into_iter().filter(Result::is_err) {
        assert_eq!(why(refused).fields, ["children[0].list_key", "children[1].list_key"]);
    }
    assert_eq!(flight.stage.value("SELECT count(*) FROM helpline.persons"), "2");
}

#[tokio::test]
async fn a_cohort_is_known_to_whom_it_is_granted_until_it_is_not() {
    let flight = Flight::new().await;
    let (by, id, amina) = (&flight.stage.supervisor, flight.cohort_id.as_str(), &flight.amina);
    let child = flight.announced(&["a1"]).await.remove(0);
    let seen = amina.cohort(id).await.unwrap();
    assert_eq!((seen.display_name.as_str(), seen.granted_ids.len()), ("The spring flight", 0));
    assert_eq!(by.cohort(id).await.unwrap().granted_ids, std::slice::from_ref(&amina.counsellor_id));
    assert_eq!(amina.person(&child.person_id).await.unwrap().person_id, child.person_id);
    let again = why(by.cohorts().grant_cohort(grant(id, &amina.counsellor_id)).await);
    assert_eq!(again.metadata("state"), "granted");

    // Who has left is not let in, and can be kept out.
    let gone = flight.stage.world.counsellor(Abilities::speaking(&["ar"])).await.counsellor_id;
    by.cohorts().grant_cohort(grant(id, &gone)).await.unwrap();
    by.cohorts().revoke_cohort(revoke(id, &gone)).await.unwrap();
    by.cohorts().grant_cohort(grant(id, &gone)).await.unwrap();
    let disable = DisableCounsellorRequest { request_id: request_id(), counsellor_id: gone.clone() };
    flight.stage.world.administrator().counsellors().disable_counsellor(disable).await.unwrap();
    by.cohorts().revoke_cohort(revoke(id, &gone)).await.unwrap();
    assert_eq!(why(by.cohorts().grant_cohort(grant(id, &gone)).await).code, Code::NotFound);
    assert_eq!(
        why(by.cohorts().grant_cohort(grant(&request_id(), &amina.counsellor_id)).await).code,
        Code::NotFound
    );

    let request = revoke(id, &amina.counsellor_id);
    by.cohorts().revoke_cohort(request.clone()).await.unwrap();
    by.cohorts().revoke_cohort(request).await.unwrap();
    assert_eq!(
        why(by.cohorts().revoke_cohort(revoke(id, &amina.counsellor_id)).await).metadata("state"),
        "not_granted"
    );
    assert_eq!(amina.cohort(id).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(amina.returnee(&child.returnee_id).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(amina.person(&child.person_id).await.unwrap_err().code(), Code::NotFound);
    let listed = amina.cohorts().list_cohorts(ListCohortsRequest::default()).await.unwrap().into_inner();
    assert!(listed.cohorts.is_empty());
}

#[tokio::test]
async fn all_who_are_expected_can_be_expected_later() {
    let flight = Flight::new().await;
    let (by, id) = (&flight.stage.supervisor, flight.cohort_id.as_str());
    let children = flight.announced(&["a1", "b1"]).await;
    let here =
        flight.amina.returnee_arrives(helpline_tests::reintegration::arrive(&children[0].returnee_id)).await;
    let at = flight.later(20 * DAY);
    flight.amina.cohorts().reschedule_cohort(reschedule_cohort(id, at)).await.unwrap();
    let now = by.returnees(id).await.unwrap();
    assert_eq!((now[0].expected_time, now[1].expected_time), (here.unwrap().expected_time, Some(at)));
    let far = Timestamp { seconds: at.seconds + 1000 * DAY, nanos: 0 };
    let refused = why(by.cohorts().reschedule_cohort(reschedule_cohort(id, far)).await);
    assert_eq!(refused.fields, ["expected_time"]);
    let unnamed = CreateCohortRequest { display_name: String::new(), ..create(far) };
    assert_eq!(why(by.cohorts().create_cohort(unnamed).await).fields, ["display_name"]);
}
