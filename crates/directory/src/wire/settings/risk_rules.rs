//! Rules that raise the risk, and the bounds of a flood.

use std::collections::BTreeSet;

use helpline_domain::risk::{Answer, RiskRule, is_phrase};
use helpline_domain::settings::Flood;
use helpline_proto::directory::v1::{Flood as FloodMessage, RiskAnswer, RiskRule as Message};
use helpline_proto::terms::v1::Risk as RiskMessage;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{risk, risk_from};

use super::{HOUR, duration, number, seconds, small};

const MOST_RULES: usize = 200;
const MOST_PHRASES: usize = 500;
const MOST_ANSWERS: usize = 50;
const LONGEST_PHRASE: usize = 200;

pub(super) fn read(fields: &mut Fields, messages: &[Message]) -> Option<Vec<RiskRule>> {
    let read = fields.list("risk_rules", messages, MOST_RULES, |fields, message| {
        let rule = fields.key("rule", &message.rule);
        let raise_to =
            fields.choice("raise_to", message.raise_to, RiskMessage::as_str_name).and_then(risk_from);
        let phrases = phrases(fields, &message.phrases);
        let answers = fields.list("answers", &message.answers, MOST_ANSWERS, answer);
        if message.phrases.is_empty() && message.answers.is_empty() {
            fields.refuse("phrases", "at least one phrase or one answer");
        }
        Some(RiskRule { rule: rule?, raise_to: raise_to?, phrases: phrases?, answers: answers? })
    })?;
    let mut keys = BTreeSet::new();
    let mut good = true;
    for (index, rule) in read.iter().enumerate() {
        if !keys.insert(rule.rule.as_str()) {
            fields.refuse(&format!("risk_rules[{index}].rule"), "each rule once");
            good = false;
        }
    }
    good.then_some(read)
}

fn phrases(fields: &mut Fields, phrases: &[String]) -> Option<Vec<String>> {
    if phrases.len() > MOST_PHRASES {
        fields.refuse("phrases", format!("at most {MOST_PHRASES} entries"));
        return None;
    }
    let read: Vec<_> = phrases
        .iter()
        .enumerate()
        .map(|(index, phrase)| {
            let path = format!("phrases[{index}]");
            let phrase = fields.line(&path, phrase, 1..=LONGEST_PHRASE)?;
            if !is_phrase(&phrase) {
                fields.refuse(&path, "a word with a letter or a digit");
                return None;
            }
            Some(phrase)
        })
        .collect();
    read.into_iter().collect()
}

fn answer(fields: &mut Fields, message: &RiskAnswer) -> Option<Answer> {
    let question = fields.key("question", &message.question);
    if !(1..=MOST_ANSWERS).contains(&message.values.len()) {
        fields.refuse("values", format!("from 1 to {MOST_ANSWERS} entries"));
    }
    let values: Vec<_> = message
        .values
        .iter()
        .take(MOST_ANSWERS)
        .enumerate()
        .map(|(index, value)| fields.key(&format!("values[{index}]"), value))
        .collect();
    Some(Answer { question: question?, values: values.into_iter().collect::<Option<_>>()? })
}

pub(super) fn read_flood(fields: &mut Fields, message: Option<&FloodMessage>) -> Option<Flood> {
    let usual = Flood::default();
    let Some(message) = message else { return Some(usual) };
    fields.within("flood", |fields| {
        let most_waiting = number(fields, "most_waiting", message.most_waiting, 100_000, usual.most_waiting);
        let most_received =
            number(fields, "most_received", message.most_received, 100_000, usual.most_received);
        let window = seconds(fields, "window", message.window.as_ref(), 10..=24 * HOUR, usual.window_s);
        Some(Flood { most_waiting: most_waiting?, most_received: most_received?, window_s: window? })
    })
}

pub(super) fn to_message(rule: &RiskRule) -> Message {
    Message {
        rule: rule.rule.clone(),
        raise_to: risk(rule.raise_to).into(),
        phrases: rule.phrases.clone(),
        answers: rule
            .answers
            .iter()
            .map(|answer| RiskAnswer { question: answer.question.clone(), values: answer.values.clone() })
            .collect(),
    }
}

pub(super) fn flood_to_message(flood: &Flood) -> FloodMessage {
    FloodMessage {
        most_waiting: small(flood.most_waiting),
        most_received: small(flood.most_received),
        window: Some(duration(flood.window_s)),
    }
}
