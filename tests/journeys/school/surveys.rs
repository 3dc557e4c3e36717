//! Somebody says afterwards how it was.

use helpline_proto::directory::v1::{RiskRule, SchoolSettings};
use helpline_proto::intake::v1::{
    GetSurveyRequest, RecordSurveyRequest, ReviewSurveyRequest, SurveyAnswer, SurveyAnswers,
};
use helpline_proto::reporting::v1::{CountSurveysRequest, CountSurveysResponse};
use helpline_proto::terms::v1::{Channel, Risk};
use helpline_tests::school::survey;
use helpline_tests::{Abilities, request_id};
use tonic::Code;

use super::room::{DAY, School};
use crate::stage::{Stage, by, chat, until, why};

fn of(contact_id: &str, change: impl FnOnce(&mut SurveyAnswers)) -> RecordSurveyRequest {
    let mut request = survey(contact_id);
    change(request.answers.as_mut().unwrap());
    request
}

#[tokio::test]
async fn a_survey_is_taken_once_after_the_end_and_not_too_late() {
    let stage = Stage::set().await;
    let desk = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(chat("ar")).await;
    desk.take().await;
    let id = contact.contact_id.as_str();
    let early = why(stage.adapter.surveys().record_survey(survey(id)).await);
    assert_eq!((early.reason.as_str(), early.metadata("state")), ("STATE_REFUSED", "in_progress"));
    desk.complete(&contact).await;
    let empty = why(stage
        .adapter
        .surveys()
        .record_survey(of(id, |answers| *answers = SurveyAnswers::default()))
        .await);
    assert_eq!(empty.fields, ["answers.felt_helped"]);
    let stranger = stage.world.adapter().await;
    let foreign = why(stranger.surveys().record_survey(survey(id)).await);
    let unknown = why(stranger.surveys().record_survey(survey(&request_id())).await);
    assert_eq!((foreign.code, &foreign), (Code::NotFound, &unknown));

    let request = survey(id);
    let first = stage.adapter.surveys().record_survey(request.clone()).await.unwrap().into_inner();
    let again = stage.adapter.surveys().record_survey(request).await.unwrap().into_inner();
    assert_eq!(first, again, "a repeat is the same");
    let second = why(stage.adapter.surveys().record_survey(of(id, |answers| answers.felt_helped = 1)).await);
    assert_eq!(second.reason, "ALREADY_EXISTS", "the first stands");
    let ask = GetSurveyRequest { contact_id: id.to_owned() };
    let read = stage.supervisor.surveys().get_survey(ask.clone()).await.unwrap().into_inner().survey.unwrap();
    assert_eq!((read.answers, read.danger.as_str()), (survey(id).answers, ""));
    assert_eq!(why(desk.actor.surveys().get_survey(ask).await).reason, "ROLE_REFUSED");
    let looks = "SELECT count(*) FROM helpline.journal WHERE event = 'survey_read'";
    assert_eq!(stage.value(looks), "1");

    let days = SchoolSettings {
        survey_within: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        ..SchoolSettings::default()
    };
    stage.world.change_settings(|settings| settings.school = Some(days)).await;
    let gone = stage.receive(chat("ru")).await;
    stage.leave(&gone).await;
    stage.world.advance(61.0);
    let late = why(stage.adapter.surveys().record_survey(survey(&gone.contact_id)).await);
    assert_eq!((late.code, late.reason.as_str()), (Code::FailedPrecondition, "SURVEY_TOO_LATE"));
}

#[tokio::test]
async fn whoever_writes_of_danger_afterwards_is_not_overlooked() {
    let school = School::new().await;
    let stage = &school.stage;
    let rule = RiskRule {
        rule: "weapon".to_owned(),
        raise_to: Risk::Imminent.into(),
        phrases: vec!["knife".to_owned()],
        ..RiskRule::default()
    };
    stage.world.change_settings(|settings| settings.risk_rules = vec![rule]).await;
    let mut ended = Vec::new();
    for _ in 0..3 {
        let contact = stage.receive(chat("ru")).await;
        stage.leave(&contact).await;
        ended.push(contact.contact_id);
    }
    let danger = [
        of(&ended[0], |answers| answers.words = "He has a KNIFE".to_owned()),
        of(&ended[1], |answers| answers.feels_safe = SurveyAnswer::No.into()),
        survey(&ended[2]),
    ];
    for request in danger {
        stage.adapter.surveys().record_survey(request).await.unwrap();
    }
    until("supervisors know", async || (school.alerts("survey_danger") == "2 of 2").then_some(())).await;
    let grave = "SELECT count(*) FROM helpline.alerts WHERE kind = 'survey_danger' AND grave";
    assert_eq!(stage.value(grave), "2");
    // However long nobody looks.
    stage.world.advance(40.0 * DAY);
    let supervisor = stage.world.supervisor().await;
    let review =
        |contact: &str| ReviewSurveyRequest { request_id: request_id(), contact_id: contact.to_owned() };
    let seen =
        supervisor.surveys().review_survey(review(&ended[0])).await.unwrap().into_inner().survey.unwrap();
    assert_eq!((seen.danger.as_str(), seen.reviewed_by), ("weapon", supervisor.token_id.clone()));
    assert_eq!(
        why(supervisor.surveys().review_survey(review(&ended[0])).await).metadata("state"),
        "reviewed"
    );
    assert_eq!(why(supervisor.surveys().review_survey(review(&request_id())).await).code, Code::NotFound);
    until("one is left", async || (school.alerts("survey_danger") == "1 of 2").then_some(())).await;
}

async fn count(stage: &Stage) -> CountSurveysResponse {
    let month = stage.value("SELECT to_char(helpline.now(), 'YYYY-MM')");
    let request = CountSurveysRequest { first_month: month.clone(), last_month: month };
    stage.supervisor.reports().count_surveys(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn counts_are_the_whole_and_nobody_is_recognised_in_a_part() {
    let stage = Stage::set().await;
    let ended = async |channel: Channel, surveyed: bool, helped: i32| {
        let contact = stage.receive(by(channel, "ru")).await;
        stage.leave(&contact).await;
        if surveyed {
            let request = of(&contact.contact_id, |answers| answers.felt_helped = helped);
            stage.adapter.surveys().record_survey(request).await.unwrap();
        }
    };
    for helped in 1..=4 {
        ended(Channel::Voice, true, helped).await;
    }
    ended(Channel::Voice, false, 0).await;
    let few = count(&stage).await;
    let total = few.total.unwrap();
    assert_eq!((few.counts.len(), total.contacts, total.surveys, total.felt_helped), (0, 5, 0, None));
    ended(Channel::Voice, true, 5).await;
    for helped in [1, 5] {
        ended(Channel::WebChat, true, helped).await;
    }
    for _ in 0..6 {
        ended(Channel::WebChat, true, 4).await;
    }
    let told = count(&stage).await;
    let part = |channel: &str| told.counts.iter().find(|one| one.channel == channel).cloned().unwrap();
    assert_eq!((part("voice").surveys, part("voice").contacts, part("voice").felt_helped), (5, 6, Some(3.0)));
    assert_eq!((part("web_chat").felt_helped, part("web_chat").would_recommend), (Some(3.75), Some(1.0)));
    assert!(told.pooled.is_none());

    // One of a third channel takes another with it.
    ended(Channel::Sms, true, 1).await;
    let told = count(&stage).await;
    let channels: Vec<_> = told.counts.iter().map(|one| one.channel.as_str()).collect();
    assert_eq!(channels, ["web_chat"]);
    let (pooled, total) = (told.pooled.unwrap(), told.total.unwrap());
    assert_eq!((pooled.surveys, pooled.contacts, pooled.channel.as_str()), (6, 7, ""));
    let parts = |number: fn(&helpline_proto::reporting::v1::SurveyCount) -> i64| {
        told.counts.iter().map(number).sum::<i64>() + number(&pooled)
    };
    assert_eq!((parts(|one| one.surveys), parts(|one| one.contacts)), (total.surveys, total.contacts));
    let contacts = "SELECT count(*) FROM helpline.contacts WHERE ended_at IS NOT NULL";
    assert_eq!(stage.value(contacts), total.contacts.to_string());
}

#[tokio::test]
async fn what_one_has_answered_is_not_found_by_subtraction() {
    let stage = Stage::set().await;
    let ended = async |channel: Channel, safe: SurveyAnswer| {
        let contact = stage.receive(by(channel, "ru")).await;
        stage.leave(&contact).await;
        let request = of(&contact.contact_id, |answers| answers.feels_safe = safe.into());
        stage.adapter.surveys().record_survey(request).await.unwrap();
    };
    for _ in 0..5 {
        ended(Channel::WebChat, SurveyAnswer::Yes).await;
    }
    for safe in [SurveyAnswer::No].into_iter().chain([SurveyAnswer::Unspecified; 4]) {
        ended(Channel::Voice, safe).await;
    }
    let told = count(&stage).await;
    let safe: Vec<_> = told.counts.iter().map(|one| (one.channel.as_str(), one.feels_safe)).collect();
    assert_eq!(safe, [("voice", None), ("web_chat", Some(1.0))]);
    let total = told.total.unwrap();
    assert_eq!((total.surveys, total.felt_helped, total.feels_safe), (10, Some(5.0), None));
}
