//! Second opinions on the wire.

use helpline_domain::caller::Caller;
use helpline_domain::disclosure::OpinionAnswer;
use helpline_proto::escalation::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::opinion::{About, Opinion};
use helpline_vault::Sensitive;

use super::{AnswerSecondOpinion, AskSecondOpinion};

/// Longest question and remark, in characters.
const LONGEST: usize = 2000;

pub(crate) fn ask(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskSecondOpinionRequest,
) -> Result<AskSecondOpinion, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let escalation = fields.optional_id("escalation_id", &sent.escalation_id);
    let contact = fields.optional_id("contact_id", &sent.contact_id);
    let question = fields.text("question", &sent.question, 0..=LONGEST);
    let about = match (escalation, contact) {
        (Some(Some(escalation)), Some(None)) => Some(About::Escalation(escalation)),
        (Some(None), Some(Some(contact))) => Some(About::Contact(contact)),
        (Some(_), Some(_)) => {
            fields.refuse("escalation_id", "either this or contact_id");
            None
        }
        _ => None,
    };
    fields.build((|| {
        Some(AskSecondOpinion {
            command: command(ctx, caller, "AskSecondOpinion", request_id?, sent),
            about: about?,
            question: Sensitive::new("narrative", question?),
        })
    })())
}

pub(crate) fn answer(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnswerSecondOpinionRequest,
) -> Result<AnswerSecondOpinion, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let opinion_id = fields.id("opinion_id", &sent.opinion_id);
    let answer = fields
        .choice("answer", sent.answer, proto::OpinionAnswer::as_str_name)
        .and_then(|sent| OpinionAnswer::ALL.iter().copied().find(|&known| answer_to_message(known) == sent));
    let remark = fields.text("remark", &sent.remark, 0..=LONGEST);
    fields.build((|| {
        Some(AnswerSecondOpinion {
            command: command(ctx, caller, "AnswerSecondOpinion", request_id?, sent),
            opinion_id: opinion_id?,
            answer: answer?,
            remark: Sensitive::new("narrative", remark?),
        })
    })())
}

pub(crate) fn list<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    sent: &proto::ListSecondOpinionsRequest,
) -> Result<(u32, PageTokens<'a>), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(sent.page_size);
    let size = fields.build(size)?;
    let question = proto::ListSecondOpinionsRequest {
        open_only: sent.open_only,
        ..proto::ListSecondOpinionsRequest::default()
    };
    Ok((size, PageTokens::new(ctx.vault(), "ListSecondOpinions", caller, &question)))
}

/// A second opinion as its message.
pub(crate) fn to_message(one: &Opinion) -> proto::SecondOpinion {
    let (escalation_id, contact_id) = match one.about {
        About::Escalation(id) => (id.to_string(), String::new()),
        About::Contact(id) => (String::new(), id.to_string()),
    };
    let said = |text: &Option<Sensitive<String>>| {
        text.as_ref().map(|text| text.expose().clone()).unwrap_or_default()
    };
    let answered = one.answered.as_ref();
    proto::SecondOpinion {
        opinion_id: one.opinion_id.to_string(),
        escalation_id,
        contact_id,
        asked_by: one.asked_by.to_string(),
        ask_time: Some(timestamp(one.asked_at)),
        due_time: Some(timestamp(one.due_at)),
        question: said(&one.question),
        alarm_time: one.alarmed_at.map(timestamp),
        answered_by: answered.map(|answered| answered.by.to_string()).unwrap_or_default(),
        answer_time: answered.map(|answered| timestamp(answered.at)),
        answer: answered
            .map_or(proto::OpinionAnswer::Unspecified, |answered| answer_to_message(answered.answer))
            .into(),
        remark: answered.map(|answered| said(&answered.remark)).unwrap_or_default(),
        revision: one.revision,
    }
}

const fn answer_to_message(answer: OpinionAnswer) -> proto::OpinionAnswer {
    match answer {
        OpinionAnswer::Escalate => proto::OpinionAnswer::Escalate,
        OpinionAnswer::DoNotEscalate => proto::OpinionAnswer::DoNotEscalate,
        OpinionAnswer::StandDown => proto::OpinionAnswer::StandDown,
        OpinionAnswer::KeepGoing => proto::OpinionAnswer::KeepGoing,
        OpinionAnswer::CallMe => proto::OpinionAnswer::CallMe,
    }
}
