//! Who somebody is: found, linked, merged, and two again.

use std::collections::BTreeMap;

use helpline_proto::casework::v1::{
    EndPersonLinkRequest, LinkPersonsRequest, MergeState, Person, Relation, RevisePersonRequest,
    UndoMergeRequest,
};
use helpline_tests::casework::{open, profile};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use crate::chance::Chance;
use crate::stage::{Stage, why};

async fn link(by: &Actor, person: &Person, relative: &Person, relation: Relation) -> Result<String, Status> {
    let request = LinkPersonsRequest {
        request_id: request_id(),
        person_id: person.person_id.clone(),
        relative_id: relative.person_id.clone(),
        relation: relation.into(),
        from_time: None,
    };
    Ok(by.persons().link_persons(request).await?.into_inner().link.unwrap().link_id)
}

async fn undo(by: &Actor, merge_id: &str) -> Result<(), Status> {
    let reason = "They are twins.".to_owned();
    let request = UndoMergeRequest { request_id: request_id(), merge_id: merge_id.to_owned(), reason };
    by.persons().undo_merge(request).await.map(drop)
}

#[tokio::test]
async fn who_belongs_to_whom_begins_and_ends_by_now() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let child = by.record_person("Aigerim", "+77015550100").await;
    let aunt = by.record_person("Gulnara", "+77015550200").await;
    let early = LinkPersonsRequest {
        request_id: request_id(),
        person_id: child.person_id.clone(),
        relative_id: aunt.person_id.clone(),
        relation: Relation::Guardian.into(),
        from_time: Some(stage.world.soon()),
    };
    let refused = why(by.persons().link_persons(early).await);
    assert_eq!(
        (refused.reason.as_str(), refused.fields.as_slice()),
        ("INVALID_FIELD", &["from_time".to_owned()][..])
    );
    let link_id = link(by, &child, &aunt, Relation::Guardian).await.unwrap();
    let until_time = Some(stage.world.soon());
    let end = EndPersonLinkRequest { request_id: request_id(), link_id: link_id.clone(), until_time };
    let refused = why(by.persons().end_person_link(end).await);
    assert_eq!(
        (refused.reason.as_str(), refused.fields.as_slice()),
        ("INVALID_FIELD", &["until_time".to_owned()][..])
    );
    // One that was written down so before ends as any other.
    stage.sql("UPDATE helpline.person_links SET from_at = helpline.now() + interval '90 days'");
    let end = EndPersonLinkRequest { request_id: request_id(), link_id, until_time: None };
    by.persons().end_person_link(end).await.unwrap();
}

#[tokio::test]
async fn two_children_behind_one_telephone_stay_two() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let one = by.record_person("Aigerim", "+7 701 555-01-00").await;
    let two = by.record_person("Daniyar", "+77015550100").await;
    by.record_person("Samir", "7015550100").await;
    assert_ne!(one.person_id, two.person_id);
    // However it is written; but a country code and leading zeros are part of a number.
    assert_eq!(by.find_by_telephone("+7 (701) 555 01 00").await, ["Aigerim", "Daniyar"]);
    assert_eq!(by.find_by_telephone("7015550100").await, ["Samir"]);
    assert_eq!(by.person(&one.person_id).await.unwrap().other_record_ids, Vec::<String>::new());
    let found = "SELECT count(*) FROM helpline.journal WHERE event = 'person_found'";
    assert_eq!(stage.value(found), "2", "who looked for whom is on record");
    // A new number takes the old one's place.
    let revise = RevisePersonRequest {
        request_id: request_id(),
        person_id: two.person_id.clone(),
        profile: Some(profile("Daniyar", "+77015550777")),
        expected_revision: two.revision,
    };
    by.persons().revise_person(revise.clone()).await.unwrap();
    assert_eq!(by.find_by_telephone("+77015550100").await, ["Aigerim"]);
    assert_eq!(by.find_by_telephone("+77015550777").await, ["Daniyar"]);
    let stale = RevisePersonRequest { request_id: request_id(), ..revise };
    assert_eq!(why(by.persons().revise_person(stale).await).reason, "REVISION_STALE");
}

#[tokio::test]
async fn a_shared_grandmother_is_one_person_with_two_links() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    let child = by.record_person("Aigerim", "+77015550100").await;
    let cousin = by.record_person("Daniyar", "+77015550200").await;
    let grandmother = by.record_person("Sholpan", "+77015550300").await;
    link(by, &child, &grandmother, Relation::Grandparent).await.unwrap();
    let second = link(by, &cousin, &grandmother, Relation::Grandparent).await.unwrap();
    let again = link(by, &cousin, &grandmother, Relation::Grandparent).await.unwrap_err();
    assert_eq!(why::<()>(Err(again)).reason, "ALREADY_EXISTS");
    let links = async |of: &Person| by.person(&of.person_id).await.unwrap().links;
    assert_eq!(links(&grandmother).await.len(), 2);
    assert_eq!(links(&child).await.len(), 1);
    let end = EndPersonLinkRequest { request_id: request_id(), link_id: second, until_time: None };
    by.persons().end_person_link(end.clone()).await.unwrap();
    assert!(links(&cousin).await[0].until_time.is_some(), "what was so stays on record");
    let twice = EndPersonLinkRequest { request_id: request_id(), ..end };
    assert_eq!(why(by.persons().end_person_link(twice).await).metadata("state"), "ended");
    // Somebody else becomes the guardian of the same child, and the first link is as it was.
    link(by, &cousin, &grandmother, Relation::Grandparent).await.unwrap();
    assert_eq!(links(&cousin).await.len(), 2);
}

#[tokio::test]
async fn a_merge_takes_two_people_and_reads_two_records_as_one() {
    let stage = Stage::set().await;
    let (by, another) = (&stage.supervisor, stage.world.supervisor().await);
    let counsellor = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let one = by.record_person("Aigerim", "+77015550100").await;
    let two = by.record_person("Aygerim", "+77015550200").await;
    let guardian = by.record_person("Sholpan", "+77015550300").await;
    link(by, &two, &guardian, Relation::Guardian).await.unwrap();
    by.open_case(open(&two.person_id)).await.unwrap();
    let stranger = counsellor.ask_merge(&one.person_id, &two.person_id).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound);

    let merge = by.ask_merge(&one.person_id, &two.person_id).await.unwrap();
    assert_eq!(why(by.answer_merge(&merge, true).await).metadata("state"), "own");
    assert!(by.person(&one.person_id).await.unwrap().other_record_ids.is_empty(), "nothing yet");
    let merged = another.answer_merge(&merge, true).await.unwrap();
    assert_eq!(merged.state(), MergeState::Merged);
    let whole = by.person(&one.person_id).await.unwrap();
    assert_eq!(whole.other_record_ids, [two.person_id.as_str()]);
    assert_eq!(whole.links.len(), 1, "the guardian is read through the one that goes on");
    assert_eq!(by.person(&two.person_id).await.unwrap().survivor_id, one.person_id);
    // One open case of a kind, whatever record it is under.
    let refused = by.open_case(open(&one.person_id)).await;
    assert_eq!(why(refused).reason, "ALREADY_EXISTS");
    // What does not go on for itself is merged with nothing.
    let ring = by.ask_merge(&two.person_id, &guardian.person_id).await;
    assert_eq!(why(ring).metadata("state"), "merged");

    undo(&another, &merge.merge_id).await.unwrap();
    assert_eq!(why(undo(&another, &merge.merge_id).await).metadata("state"), "undone");
    assert!(by.person(&one.person_id).await.unwrap().links.is_empty());
    by.open_case(open(&one.person_id)).await.unwrap();
}

#[tokio::test]
async fn two_merges_at_once_make_no_ring() {
    let stage = Stage::set().await;
    let (by, other) = (&stage.supervisor, stage.world.supervisor().await);
    for _ in 0..5 {
        let one = by.record_person("Aigerim", "+77015550100").await.person_id;
        let two = by.record_person("Aygerim", "+77015550100").await.person_id;
        let there = by.ask_merge(&one, &two).await.unwrap();
        let back = by.ask_merge(&two, &one).await.unwrap();
        let (first, second) = tokio::join!(other.answer_merge(&there, true), other.answer_merge(&back, true));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        assert_eq!(by.person(&one).await.unwrap().other_record_ids, [two]);
    }
}

/// The rows of persons, links and cases, and by what they are found: all that a merge must not touch.
fn rows(stage: &Stage) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    for table in ["persons", "person_identifiers", "person_links", "cases"] {
        rows.extend(stage.sql(&format!("SELECT to_jsonb(t)::text FROM helpline.{table} t ORDER BY 1")));
    }
    rows
}

/// Who goes on as whom.
#[derive(Default)]
struct Model(BTreeMap<usize, usize>);

impl Model {
    fn survivor(&self, mut one: usize) -> usize {
        while let Some(next) = self.0.get(&one) {
            one = *next;
        }
        one
    }
}

#[tokio::test]
async fn merges_taken_back_in_any_order_restore_every_record() {
    let stage = Stage::set().await;
    let (by, other) = (&stage.supervisor, stage.world.supervisor().await);
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(by.record_person(&format!("Child {number}"), "+77015550100").await);
    }
    link(by, &people[0], &people[1], Relation::Sibling).await.unwrap();
    by.open_case(open(&people[2].person_id)).await.unwrap();
    let before = rows(&stage);
    let mut chance = Chance::new(20_261_122);
    for _ in 0..6 {
        let (mut model, mut standing) = (Model::default(), Vec::<(usize, String)>::new());
        for _ in 0..15 {
            if !standing.is_empty() && chance.one(&[false, false, true]) {
                let (absorbed, merge) = standing.remove(chance.below(standing.len()));
                undo(by, &merge).await.unwrap();
                model.0.remove(&absorbed);
                continue;
            }
            let (one, two) = (chance.below(people.len()), chance.below(people.len()));
            if one == two {
                continue;
            }
            let asked = by.ask_merge(&people[one].person_id, &people[two].person_id).await;
            let roots = model.survivor(one) == one && model.survivor(two) == two;
            assert_eq!(asked.is_ok(), roots, "only who goes on for themselves: {asked:?}");
            let Ok(asked) = asked else { continue };
            other.answer_merge(&asked, true).await.unwrap();
            model.0.insert(two, one);
            standing.push((two, asked.merge_id));
        }
        for (number, one) in people.iter().enumerate() {
            let seen = by.person(&one.person_id).await.unwrap();
            assert_eq!(seen.survivor_id, people[model.survivor(number)].person_id);
            let same = (0..5).filter(|other| model.survivor(*other) == model.survivor(number)).count();
            assert_eq!(seen.other_record_ids.len() + 1, same);
        }
        for (_, merge) in standing {
            undo(by, &merge).await.unwrap();
        }
        assert_eq!(rows(&stage), before);
    }
}

#[tokio::test]
async fn of_two_who_write_a_record_at_once_the_last_says_by_what_it_is_found_and_nothing_is_lost() {
    let stage = Stage::set().await;
    let by = &stage.supervisor;
    for round in 0..10 {
        let numbers = [1, 2, 3].map(|digit| format!("+770155{digit}00{round:02}"));
        let one = by.record_person("Aigerim", &numbers[0]).await;
        let revise = |number: &str| RevisePersonRequest {
            request_id: request_id(),
            person_id: one.person_id.clone(),
            profile: Some(profile("Aigerim", number)),
            expected_revision: 0,
        };
        let (mut client, mut other) = (by.persons(), by.persons());
        let (first, second) =
            tokio::join!(client.revise_person(revise(&numbers[1])), other.revise_person(revise(&numbers[2])));
        first.and(second).unwrap();
        let of = |table: &str| {
            let sql = format!("SELECT count(*) FROM helpline.{table} WHERE person_id = '{}'", one.person_id);
            stage.value(&sql)
        };
        assert_eq!((of("person_identifiers"), of("person_revisions")), ("1".to_owned(), "2".to_owned()));
    }
}

#[tokio::test]
async fn a_shared_grandmother_tells_nobody_which_other_grandchildren_are_known() {
    let stage = Stage::set().await;
    let counsellor = async || stage.world.counsellor(Abilities::speaking(&["ar"])).await;
    let (own, other) = (counsellor().await, counsellor().await);
    let by = &stage.supervisor;
    let grandmother = by.record_person("Sholpan", "+77015550300").await;
    let mut children = Vec::new();
    for (who, name) in [(&own, "Aigerim"), (&other, "Daniyar")] {
        let child = who.record_person(name, &request_id()).await;
        who.open_case(open(&child.person_id)).await.unwrap();
        link(by, &child, &grandmother, Relation::Grandparent).await.unwrap();
        children.push(child.person_id);
    }
    let seen = own.person(&grandmother.person_id).await.unwrap();
    let links: Vec<_> = seen.links.iter().map(|one| (&*one.person_id, &*one.linked_by)).collect();
    assert_eq!(links, [(&*children[0], "")]);
    assert_eq!(by.person(&grandmother.person_id).await.unwrap().links.len(), 2);
}

#[tokio::test]
async fn numbers_tell_neither_how_many_there_are_nor_which_came_first() {
    let stage = Stage::set().await;
    let mut numbers = Vec::new();
    for _ in 0..24 {
        numbers.push(stage.supervisor.record_person("Aigerim", &request_id()).await.number);
        // What others record between leaves no gap that could be counted.
        stage.sql("SELECT nextval(pg_get_serial_sequence('helpline.persons', 'ordinal'))");
    }
    assert!(numbers.iter().all(|number| (1_000_000..10_000_000).contains(number)), "{numbers:?}");
    let rising = numbers.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert!((4..=19).contains(&rising), "chance does otherwise once in a million times: {numbers:?}");
    let near = numbers.windows(2).filter(|pair| (pair[0] - pair[1]).abs() < 10_000).count();
    assert!(near <= 4, "{numbers:?}");

    let drawn = |of: &str, from: i64| {
        stage.value(&format!(
            "SELECT count(DISTINCT number) || ' ' || min(length(number::text)) || ' ' || max(length(number::text))
             FROM generate_series({from}::bigint, {from} + 49999) AS one (place), helpline.scattered('{of}', place) AS number"
        ))
    };
    assert_eq!(drawn("persons", 1), "50000 7 7", "no two are alike");
    assert_eq!(drawn("cases", 8_975_000), "50000 7 8", "nor where one more digit begins");
    let apart = "SELECT count(*) FROM generate_series(1, 1000) AS place
        WHERE helpline.scattered('persons', place) = helpline.scattered('cases', place)";
    assert!(stage.value(apart).parse::<u32>().unwrap() < 5, "one table tells nothing of another");
}

#[tokio::test]
async fn who_looks_after_a_child_is_shown_to_who_works_with_them_whoever_works_with_that_one() {
    let stage = Stage::set().await;
    let (owner, by) = (stage.world.counsellor(Abilities::speaking(&["ar"])).await, &stage.supervisor);
    let child = owner.record_person("Aigerim", "+77015550100").await;
    owner.open_case(open(&child.person_id)).await.unwrap();
    let mut relatives = Vec::new();
    for (name, relation) in [("Sholpan", Relation::Guardian), ("Daniyar", Relation::Sibling)] {
        let relative = by.record_person(name, &request_id()).await;
        by.open_case(open(&relative.person_id)).await.unwrap();
        link(by, &child, &relative, relation).await.unwrap();
        assert_eq!(owner.person(&relative.person_id).await.unwrap_err().code(), Code::NotFound);
        relatives.push(relative.person_id);
    }
    let shown = owner.person(&child.person_id).await.unwrap().links;
    assert_eq!(shown.iter().map(|one| &one.relative_id).collect::<Vec<_>>(), [&relatives[0]]);
}
