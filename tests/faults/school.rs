//! A server dies while abuse at a school is reported, and while somebody says how it was.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use helpline_domain::caller::Role;
use helpline_proto::intake::v1::{
    DepartureCause, ReceiveContactRequest, RecordDepartureRequest, ReviewSurveyRequest,
};
use helpline_proto::terms::v1::Channel;
use helpline_service_kit::fail_point::FAIL_POINTS;
use helpline_tests::process::{Fleet, FleetOptions, retry, until};
use helpline_tests::school::{file, survey};
use helpline_tests::{Actor, request_id};

const PATIENCE: Duration = Duration::from_secs(30);

/// A server that dies at a place, an adapter, and a contact that has ended.
async fn dying(place: &str) -> (Fleet, Actor, String) {
    let testing = format!("kill_at = \"{place}\"");
    let fleet = Fleet::start(FleetOptions { testing, ..FleetOptions::default() }).await;
    let adapter = fleet.bearer(Role::ChannelAdapter, None);
    let call = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::Voice.into(),
        language: "ar".to_owned(),
        ..ReceiveContactRequest::default()
    };
    let received = adapter.contacts().receive_contact(call).await.expect("a contact").into_inner();
    let contact_id = received.contact.expect("the contact").contact_id;
    let gone = RecordDepartureRequest {
        request_id: request_id(),
        contact_id: contact_id.clone(),
        cause: DepartureCause::HangUp.into(),
    };
    adapter.contacts().record_departure(gone).await.expect("the child has left");
    (fleet, adapter, contact_id)
}

async fn died(fleet: &mut Fleet, place: &str) {
    let (status, _) = until(&format!("the server dies at {place}"), PATIENCE, || {
        std::future::ready(fleet.server(0).status())
    })
    .await;
    assert_eq!(status.signal(), Some(9), "{place}: {status}");
    fleet.restart(0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_filed_once_though_the_server_dies_of_it() {
    let (mut fleet, _, contact_id) = dying("school_report.after_commit").await;
    let by = fleet.bearer(Role::Supervisor, None);
    let new = file(&contact_id);
    by.file_report(new.clone()).await.expect_err("the server died of it");
    died(&mut fleet, "school_report.after_commit").await;
    let again = retry("file it again", PATIENCE, || {
        let (mut client, new) = (by.school_reports(), new.clone());
        async move { client.file_school_report(new).await }
    });
    again.await.expect("the same report");
    assert_eq!(fleet.count("SELECT count(*) FROM helpline.school_reports"), 1);
    assert_eq!(fleet.count("SELECT sum(cardinality(recent)) FROM helpline.schools"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_is_recorded_once_though_the_server_dies_of_it() {
    let (mut fleet, adapter, contact_id) = dying("survey.after_commit").await;
    let said = survey(&contact_id);
    adapter.surveys().record_survey(said.clone()).await.expect_err("the server died of it");
    died(&mut fleet, "survey.after_commit").await;
    let again = retry("say it again", PATIENCE, || {
        let (mut client, said) = (adapter.surveys(), said.clone());
        async move { client.record_survey(said).await }
    });
    again.await.expect("the same survey");
    assert_eq!(fleet.count("SELECT count(*) FROM helpline.surveys"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_is_reviewed_once_though_the_server_dies_of_it() {
    let (mut fleet, adapter, contact_id) = dying("survey.after_review").await;
    adapter.surveys().record_survey(survey(&contact_id)).await.expect("a survey");
    let by = fleet.bearer(Role::Supervisor, None);
    let seen = ReviewSurveyRequest { request_id: request_id(), contact_id };
    by.surveys().review_survey(seen.clone()).await.expect_err("the server died of it");
    died(&mut fleet, "survey.after_review").await;
    let again = retry("say it again", PATIENCE, || {
        let (mut client, seen) = (by.surveys(), seen.clone());
        async move { client.review_survey(seen).await }
    });
    again.await.expect("the same survey");
    assert_eq!(fleet.count("SELECT count(*) FROM helpline.journal WHERE event = 'survey_reviewed'"), 1);
}

#[test]
fn every_place_where_something_could_be_left_half_done_is_tried_here() {
    let here = |place: &&&str| place.starts_with("school_report.") || place.starts_with("survey.");
    assert_eq!(FAIL_POINTS.iter().filter(here).count(), 3);
}
