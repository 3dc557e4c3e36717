//! Two who were taken for one are two again, and each has everything that they had.

use std::collections::{BTreeMap, BTreeSet};

use helpline_proto::casework::v1::{OpenCaseRequest, RevisePersonRequest, UndoMergeRequest};
use helpline_proto::escalation::v1::RaiseEscalationRequest;
use helpline_tests::assessments::SCREENING;
use helpline_tests::casework::{note, open, profile, transfer};
use helpline_tests::child_alert::{ask, content, disclose_to, lets_send_alerts, report_of_a_missing_child};
use helpline_tests::crossborder::{consent as agrees, lets_hand_over, prepare};
use helpline_tests::migrant::{ask_override, fear, held};
use helpline_tests::school::{file, survey};
use helpline_tests::{Abilities, request_id};

use super::watched::break_glass;
use crate::desk::Desk;
use crate::escalation::room::{accept, raise};
use crate::referral::room::Partner;
use crate::reintegration::room::Flight;
use crate::stage::{Stage, chat, from, until};

/// What says what the centre is, what its servers do, and what was told of what happened.
const ASIDE: [&str; 12] = [
    "alerts",
    "centres",
    "clock",
    "deliveries",
    "floor_samples",
    "journal",
    "matchers",
    "person_merges",
    "presences",
    "requests",
    "sessions",
    "tokens",
];

/// What is a child's by a stay, an escalation, a contact or a hand-over of theirs.
const BY_OTHERS: [&str; 9] = [
    "admissions",
    "child_alerts",
    "disclosures",
    "escalation_events",
    "holds",
    "school_reports",
    "service_offers",
    "stay_limits",
    "surveys",
];

/// Every row of what happens to people, by its table.
fn rows(stage: &Stage) -> BTreeMap<String, BTreeSet<String>> {
    let tables = "SELECT table_name FROM information_schema.tables
        WHERE table_schema = 'helpline' AND table_type = 'BASE TABLE' AND table_name <> ALL (string_to_array('ASIDE', ' '))";
    let one = |mut row: Vec<Option<String>>| row.remove(0).unwrap();
    let tables = stage.sql(&tables.replace("ASIDE", &ASIDE.join(" "))).into_iter().map(one);
    tables
        .map(|table| {
            let rows = stage.sql(&format!("SELECT to_jsonb(t)::text FROM helpline.{table} t"));
            (table, rows.into_iter().map(one).collect())
        })
        .collect()
}

/// Tables that name a child or a case.
fn of_children(stage: &Stage) -> Vec<String> {
    let named = "SELECT DISTINCT table_name FROM information_schema.columns
        WHERE table_schema = 'helpline' AND column_name IN ('case_id', 'person_id') AND table_name <> 'person_merges'";
    stage.sql(named).into_iter().map(|mut row| row.remove(0).unwrap()).collect()
}

/// Something of every kind that a child can have; the record.
async fn everything(
    (flight, desk): (&Flight, &Desk),
    [shelter, embassy]: [&Partner; 2],
    key: &str,
) -> String {
    let (stage, by, amina) = (&flight.stage, &flight.stage.supervisor, &flight.amina);
    let returnee = flight.announced(&[key]).await.remove(0);
    let (case, _) = flight.settled(&returnee).await;
    let (case, child) = (case.case_id.as_str(), returnee.person_id);
    by.guardian_of(&child).await;
    let revise = RevisePersonRequest {
        request_id: request_id(),
        person_id: child.clone(),
        profile: Some(profile("Aigerim", &request_id())),
        expected_revision: 0,
    };
    by.persons().revise_person(revise).await.unwrap();
    amina.write_section(note(case, "She likes to draw.")).await.unwrap();
    by.start_assessment(case, SCREENING).await.unwrap();
    break_glass(&flight.stranger, &child).await.unwrap();
    let contact = stage.receive(from(&request_id(), chat("ar"))).await;
    desk.take().await;
    desk.complete(&contact).await;
    stage.adapter.surveys().record_survey(survey(&contact.contact_id)).await.unwrap();
    by.file_report(file(&contact.contact_id)).await.unwrap();
    by.takes_in_from(&contact.contact_id, &shelter.service, case).await;
    by.adult_ready_to_return(case).await;
    let prepared = async || by.prepare_handover(prepare(case)).await.ok();
    let abroad = until("it is prepared by the new settings", prepared).await.crossborder_id;
    by.agree_abroad(agrees(&abroad, shelter.agency)).await.unwrap();
    by.begin_redirect(case).await.unwrap();
    by.detain(held(case, flight.later(-60))).await.unwrap();
    let missing = RaiseEscalationRequest {
        contact_id: contact.contact_id.clone(),
        case_id: case.to_owned(),
        ..report_of_a_missing_child()
    };
    let missing = raise(by, missing).await;
    accept(by, &missing).await.unwrap();
    let agency = shelter.agency.to_string();
    disclose_to(by, &missing.escalation_id, &agency).await;
    ask(by, &missing.escalation_id, content(&[&agency])).await.unwrap();
    by.protect(fear(case, "SY")).await.unwrap();
    by.ask_consulate(ask_override(case, embassy.agency)).await.unwrap();
    by.open_case(OpenCaseRequest { kind: "migration".to_owned(), ..open(&child) }).await.unwrap();
    amina.cases().transfer_case(transfer(case, &flight.stranger.counsellor_id)).await.unwrap();
    child
}

#[tokio::test]
async fn a_merge_that_is_taken_back_restores_every_record_of_every_kind() {
    let flight = Flight::new().await;
    let (stage, by) = (&flight.stage, &flight.stage.supervisor);
    lets_send_alerts(&stage.world).await;
    let shelter = Partner::new(stage).await;
    let embassy = stage.world.embassy("SY").await;
    let responder = stage.world.responder(embassy).await;
    let embassy = Partner { agency: embassy, service: stage.world.service(embassy).await, responder };
    shelter.responder.has_beds(&shelter.service, 5).await;
    stage.world.change_settings(|settings| lets_hand_over(settings, "JO", &[shelter.agency])).await;
    let desk = stage.desk(Abilities::speaking(&["ar"])).await;
    let one = everything((&flight, &desk), [&shelter, &embassy], "a1").await;
    let two = everything((&flight, &desk), [&shelter, &embassy], "b1").await;
    // What comes by itself has come.
    until("something of every kind", async || {
        let rows = rows(stage);
        let all = of_children(stage).into_iter().chain(BY_OTHERS.map(str::to_owned));
        let mut lacking = all.filter(|table| rows[table].len() < 2);
        let coming = stage
            .value("SELECT count(*) FROM helpline.tasks WHERE look_at <= helpline.now() + interval '1 hour'");
        (lacking.next().is_none() && coming == "0").then_some(())
    })
    .await;
    let before = rows(stage);
    let asked = by.ask_merge(&one, &two).await.unwrap();
    let merge = stage.world.supervisor().await.answer_merge(&asked, true).await.unwrap();
    assert_ne!(rows(stage), before);
    let reason = "They are twins.".to_owned();
    let undo = UndoMergeRequest { request_id: request_id(), merge_id: merge.merge_id, reason };
    stage.world.supervisor().await.persons().undo_merge(undo).await.unwrap();
    let after = rows(stage);
    for (table, rows) in &before {
        assert_eq!(&after[table], rows, "{table}");
    }
}
