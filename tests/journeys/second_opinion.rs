//! A supervisor is asked for a second opinion, and it is known when none comes.

use helpline_proto::escalation::v1::{
    AnswerSecondOpinionRequest, AskSecondOpinionRequest, ListSecondOpinionsRequest, OpinionAnswer,
    SecondOpinion,
};
use helpline_proto::queueing::v1::{Alert, AlertKind};
use helpline_tests::{Abilities, Actor, request_id};
use tonic::{Code, Status};

use crate::alerts::listed;
use crate::stage::{Stage, call, until, why};

async fn ask(actor: &Actor, escalation_id: &str, contact_id: &str) -> Result<SecondOpinion, Status> {
    let request = AskSecondOpinionRequest {
        request_id: request_id(),
        escalation_id: escalation_id.to_owned(),
        contact_id: contact_id.to_owned(),
        question: "Is this for the police?".to_owned(),
    };
    Ok(actor.consults().ask_second_opinion(request).await?.into_inner().opinion.unwrap())
}

async fn answer(actor: &Actor, opinion: &SecondOpinion) -> Result<SecondOpinion, Status> {
    let request = AnswerSecondOpinionRequest {
        request_id: request_id(),
        opinion_id: opinion.opinion_id.clone(),
        answer: OpinionAnswer::Escalate.into(),
        remark: "At once.".to_owned(),
    };
    Ok(actor.consults().answer_second_opinion(request).await?.into_inner().opinion.unwrap())
}

async fn list(actor: &Actor, open_only: bool) -> Vec<String> {
    let request = ListSecondOpinionsRequest { open_only, ..ListSecondOpinionsRequest::default() };
    let answer = actor.consults().list_second_opinions(request).await.unwrap().into_inner();
    answer.opinions.into_iter().map(|one| one.opinion_id).collect()
}

async fn overdue(stage: &Stage) -> Option<Alert> {
    let open = listed(&stage.supervisor, true).await;
    open.into_iter().find(|alert| alert.kind() == AlertKind::SecondOpinionOverdue)
}

#[tokio::test]
async fn the_first_supervisor_who_answers_has_answered_and_open_ones_are_listed_first() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let contact = stage.receive(call("ar")).await;
    amina.take().await;
    let first = ask(&amina.actor, "", &contact.contact_id).await.unwrap();
    let second = ask(&amina.actor, "", &contact.contact_id).await.unwrap();
    assert_eq!(first.due_time.unwrap().seconds - first.ask_time.unwrap().seconds, 120);
    let answered = answer(&stage.supervisor, &first).await.unwrap();
    assert_eq!(answered.answered_by, stage.supervisor.token_id);
    assert_eq!((answered.answer(), answered.remark.as_str()), (OpinionAnswer::Escalate, "At once."));
    assert_eq!(answered.question, "Is this for the police?");
    let colleague = stage.world.supervisor().await;
    let late = why(answer(&colleague, &first).await);
    assert_eq!((late.reason.as_str(), late.metadata("state")), ("STATE_REFUSED", "answered"));
    let both = [second.opinion_id.clone(), first.opinion_id.clone()];
    assert_eq!(list(&colleague, false).await, both);
    assert_eq!(list(&colleague, true).await, both[..1]);
    assert_eq!(list(&amina.actor, false).await, both, "their own");
}

#[tokio::test]
async fn nobody_answers_themselves_or_asks_about_what_they_cannot_see() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let stranger = stage.desk_off_shift(Abilities::speaking(&["ru"])).await;
    let contact = stage.receive(call("ar")).await;
    amina.take().await;
    let escalation = amina.actor.raises().await;
    for (escalation, contact) in [(escalation.as_str(), ""), ("", contact.contact_id.as_str())] {
        assert_eq!(why(ask(&stranger.actor, escalation, contact).await).code, Code::NotFound);
    }
    for (escalation, contact) in [("", ""), (escalation.as_str(), contact.contact_id.as_str())] {
        assert_eq!(why(ask(&amina.actor, escalation, contact).await).fields, ["escalation_id"]);
    }
    let own = ask(&stage.supervisor, &escalation, "").await.unwrap();
    let refused = why(answer(&stage.supervisor, &own).await);
    assert_eq!((refused.reason.as_str(), refused.metadata("state")), ("STATE_REFUSED", "own"));
    assert!(list(&stranger.actor, false).await.is_empty());
}

#[tokio::test]
async fn what_nobody_answers_in_time_alarms_once_and_stands_on_the_timeline() {
    let stage = Stage::set().await;
    let amina = stage.desk_off_shift(Abilities::speaking(&["ar"])).await;
    let escalation = amina.actor.raises().await;
    let opinion = ask(&amina.actor, &escalation, "").await.unwrap();
    stage.world.advance(121.0);
    let alert = until("it alarms", async || overdue(&stage).await).await;
    assert_eq!((alert.opinion_id.as_str(), alert.grave), (opinion.opinion_id.as_str(), true));
    answer(&stage.supervisor, &opinion).await.unwrap();
    until("it is over", async || overdue(&stage).await.is_none().then_some(())).await;
    let sql = format!(
        "SELECT string_agg(event, ' ' ORDER BY sequence) FROM helpline.escalation_events WHERE escalation_id = '{escalation}'"
    );
    assert_eq!(
        stage.value(&sql),
        "raised step_taken second_opinion_asked second_opinion_overdue second_opinion_answered"
    );
    let journalled = "SELECT count(*) FROM helpline.journal WHERE event = 'second_opinion_overdue'";
    assert_eq!(stage.value(journalled), "1");
    // What was asked is about a child: nowhere in clear.
    let sealed = "SELECT count(*) FROM helpline.second_opinions WHERE position('police' in encode(question_sealed, 'escape')) > 0";
    assert_eq!(stage.value(sealed), "0");
}
