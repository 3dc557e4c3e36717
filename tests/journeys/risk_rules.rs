//! Words and answers raise the risk by the rules of the centre.

use helpline_proto::directory::v1::{RiskAnswer, RiskRule};
use helpline_proto::intake::v1::{
    Answer, Contact, ContactState, ReceiveContactRequest, RecordAnswersRequest, SendMessageRequest,
};
use helpline_proto::terms::v1::{PriorityClass, Risk};
use helpline_tests::{Abilities, request_id};

use crate::stage::{Stage, about, at, chat, from, seconds, why};

/// A stage whose centre knows of weapons and of wounds.
pub(crate) async fn stage() -> Stage {
    let stage = Stage::set().await;
    let rule = |rule: &str, raise_to: Risk, phrases: &[&str], answers: &[(&str, &str)]| RiskRule {
        rule: rule.to_owned(),
        raise_to: raise_to.into(),
        phrases: phrases.iter().map(|phrase| (*phrase).to_owned()).collect(),
        answers: answers
            .iter()
            .map(|(question, value)| RiskAnswer {
                question: (*question).to_owned(),
                values: vec![(*value).to_owned()],
            })
            .collect(),
    };
    stage
        .world
        .change_settings(|settings| {
            settings.risk_rules = vec![
                rule("weapon", Risk::HarmNow, &["нож*", "سكين", "has a knife"], &[]),
                rule("wounded", Risk::High, &["bleeding"], &[("wounded", "yes")]),
            ];
        })
        .await;
    stage
}

pub(crate) fn answers(answers: &[(&str, &str)]) -> Vec<Answer> {
    let answer = |(question, value): &(&str, &str)| Answer {
        question: (*question).to_owned(),
        value: (*value).to_owned(),
    };
    answers.iter().map(answer).collect()
}

async fn write(stage: &Stage, contact: &Contact, text: &str) -> SendMessageRequest {
    let request = SendMessageRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        message_id: request_id(),
        text: text.to_owned(),
    };
    stage.adapter.messages().send_message(request.clone()).await.unwrap();
    request
}

fn raises(stage: &Stage, contact: &Contact) -> Vec<Vec<Option<String>>> {
    stage.sql(&format!(
        "SELECT detail->>'rule', detail->>'from', detail->>'to', actor_role FROM helpline.journal
         WHERE contact_id = '{}' AND event = 'risk_changed' ORDER BY entry_id",
        contact.contact_id
    ))
}

fn row(values: [&str; 4]) -> Vec<Option<String>> {
    values.into_iter().map(|value| Some(value.to_owned())).collect()
}

#[tokio::test]
async fn what_a_child_writes_in_line_moves_it_to_the_front_with_the_message() {
    let stage = stage().await;
    let first = stage.receive(at(Risk::Low, from("first", chat("ar")))).await;
    let second = stage.receive(at(Risk::Low, from("second", chat("ar")))).await;
    write(&stage, &second, "مرحبا").await;
    assert_eq!(stage.contact(&second.contact_id).await.risk(), Risk::Low);
    let sent = write(&stage, &second, "معه سِكّين").await;
    // The answer was lost: the same again changes nothing.
    stage.adapter.messages().send_message(sent).await.unwrap();
    let raised = stage.contact(&second.contact_id).await;
    assert_eq!((raised.risk(), raised.priority_class()), (Risk::HarmNow, PriorityClass::Critical));
    assert_eq!(raised.risk_rules, ["weapon"]);
    assert_eq!(raised.receive_time, second.receive_time);
    assert!(about(seconds(raised.deadline_time) - seconds(raised.receive_time), 15.0));
    assert_eq!(raises(&stage, &second), [row(["weapon", "1", "5", "channel_adapter"])]);

    let amina = stage.desk(Abilities::speaking(&["ar"]).taking(0, 1, 0)).await;
    let taken = amina.take().await;
    assert_eq!(taken.contact_id, second.contact_id);
    amina.complete(&taken).await;
    amina.offered(&first).await;
    stage.agrees_with_the_view().await;
}

#[tokio::test]
async fn a_rule_raises_once_and_never_overrules_who_has_assessed_since() {
    let stage = stage().await;
    let amina = stage.desk(Abilities::speaking(&["en"])).await;
    stage.receive(from("somebody", chat("en"))).await;
    let contact = amina.take().await;
    write(&stage, &contact, "I saw a man who has a knife in a film").await;
    assert_eq!(stage.contact(&contact.contact_id).await.risk(), Risk::HarmNow);
    stage.assess(&contact, Risk::Low).await;
    write(&stage, &contact, "the man HAS  A KNIFE, it was funny").await;
    let after = stage.contact(&contact.contact_id).await;
    assert_eq!((after.risk(), after.risk_rules.as_slice()), (Risk::Low, ["weapon".to_owned()].as_slice()));
    write(&stage, &contact, "but I am bleeding").await;
    let after = stage.contact(&contact.contact_id).await;
    assert_eq!(after.risk(), Risk::High, "another rule is another matter");
    assert_eq!(after.risk_rules, ["weapon", "wounded"]);
    assert_eq!(after.state(), ContactState::InProgress);
}

#[tokio::test]
async fn what_the_counsellor_writes_raises_nothing() {
    let stage = stage().await;
    let amina = stage.desk(Abilities::speaking(&["en"])).await;
    stage.receive(at(Risk::Low, from("somebody", chat("en")))).await;
    let contact = amina.take().await;
    let request = SendMessageRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        message_id: request_id(),
        text: "Do you mean that he has a knife?".to_owned(),
    };
    amina.actor.messages().send_message(request).await.unwrap();
    assert_eq!(stage.contact(&contact.contact_id).await.risk(), Risk::Low);
}

#[tokio::test]
async fn answers_on_the_way_in_count_and_only_the_counsellor_reads_them() {
    let stage = stage().await;
    let told = ReceiveContactRequest {
        answers: answers(&[("wounded", "yes"), ("alone", "no")]),
        ..at(Risk::Low, chat("en"))
    };
    let told = stage.receive(told).await;
    assert_eq!((told.risk(), told.priority_class()), (Risk::High, PriorityClass::High));
    assert_eq!(told.risk_rules, ["wounded"]);
    assert!(told.answers.is_empty(), "the adapter is not told again");
    assert_eq!(
        stage.contact(&told.contact_id).await.answers,
        answers(&[("alone", "no"), ("wounded", "yes")])
    );

    let asked = stage.receive(at(Risk::None, chat("en"))).await;
    let record = |given: &[(&str, &str)]| RecordAnswersRequest {
        request_id: request_id(),
        contact_id: asked.contact_id.clone(),
        answers: answers(given),
    };
    let harmless = record(&[("wounded", "no")]);
    let answer = stage.adapter.contacts().record_answers(harmless).await.unwrap().into_inner();
    assert_eq!(answer.contact.unwrap().risk(), Risk::None);
    let harm = record(&[("wounded", "yes")]);
    let answer = stage.adapter.contacts().record_answers(harm).await.unwrap().into_inner().contact.unwrap();
    assert_eq!((answer.risk(), answer.priority_class()), (Risk::High, PriorityClass::High));
    assert!(seconds(answer.deadline_time) < seconds(asked.deadline_time));
    assert_eq!(raises(&stage, &asked), [row(["wounded", "0", "3", "channel_adapter"])]);
    stage.agrees_with_the_view().await;

    stage.leave(&asked).await;
    let late = why(stage.adapter.contacts().record_answers(record(&[("wounded", "no")])).await);
    assert_eq!((late.reason.as_str(), late.metadata("state")), ("STATE_REFUSED", "short_abandoned"));
}

#[tokio::test]
async fn a_raise_during_an_offer_shortens_it_and_tells_the_counsellor() {
    let stage = stage().await;
    let amina = stage.desk(Abilities::speaking(&["ru"])).await;
    let contact = stage.receive(at(Risk::Low, from("somebody", chat("ru")))).await;
    let before = amina.offered(&contact).await;
    write(&stage, &contact, "у него ножик!").await;
    let after = amina.offered(&contact).await;
    assert_eq!((after.offer_id, after.risk), (before.offer_id, Risk::HarmNow.into()));
    assert!(seconds(after.expire_time) < seconds(before.expire_time));
}
