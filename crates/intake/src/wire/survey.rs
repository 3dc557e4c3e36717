//! Surveys on the wire.

use helpline_domain::caller::Caller;
use helpline_domain::id::ContactId;
use helpline_proto::intake::v1 as api;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::timestamp;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::survey::{Answers, Survey};
use helpline_vault::Sensitive;

/// Characters of what somebody writes.
const WORDS: usize = 4000;
/// How much it helped.
const HELPED: std::ops::RangeInclusive<i32> = 0..=5;

/// Reads [`api::RecordSurveyRequest`].
pub fn read_survey(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::RecordSurveyRequest,
) -> Result<(Command, ContactId, Answers), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let contact_id = fields.id("contact_id", &request.contact_id);
    let answers = fields
        .required("answers", request.answers.as_ref())
        .and_then(|sent| fields.within("answers", |fields| answers(fields, sent)));
    fields.build((|| {
        Some((command(ctx, caller, "RecordSurvey", request_id?, request), contact_id?, answers?))
    })())
}

fn answers(fields: &mut Fields, sent: &api::SurveyAnswers) -> Option<Answers> {
    let helped = fields.int("felt_helped", sent.felt_helped, HELPED);
    let mut answer = |path: &str, value: i32| {
        let read = fields.optional_choice(path, value, api::SurveyAnswer::as_str_name)?;
        Some(read.map(|answer| answer == api::SurveyAnswer::Yes))
    };
    let recommend = answer("would_recommend", sent.would_recommend);
    let rights = answer("told_about_rights", sent.told_about_rights);
    let safe = answer("feels_safe", sent.feels_safe);
    let words = fields.text("words", &sent.words, 0..=WORDS);
    if *sent == api::SurveyAnswers::default() {
        fields.refuse("felt_helped", "some answer");
        return None;
    }
    Some(Answers {
        felt_helped: i16::try_from(helped?).ok().filter(|helped| *helped > 0),
        would_recommend: recommend?,
        told_about_rights: rights?,
        feels_safe: safe?,
        words: Some(words?).filter(|words| !words.is_empty()).map(|words| Sensitive::new("narrative", words)),
    })
}

/// Reads [`api::ReviewSurveyRequest`].
pub fn read_review(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::ReviewSurveyRequest,
) -> Result<(Command, ContactId), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let contact_id = fields.id("contact_id", &request.contact_id);
    fields.build((|| Some((command(ctx, caller, "ReviewSurvey", request_id?, request), contact_id?)))())
}

/// Reads [`api::GetSurveyRequest`].
pub fn read_surveyed(request: &api::GetSurveyRequest) -> Result<ContactId, Refusal> {
    let mut fields = Fields::new();
    let contact_id = fields.id("contact_id", &request.contact_id);
    fields.build(contact_id)
}

/// A survey as its message.
pub fn survey(one: &Survey) -> api::Survey {
    let answer = |said: Option<bool>| match said {
        None => api::SurveyAnswer::Unspecified.into(),
        Some(true) => api::SurveyAnswer::Yes.into(),
        Some(false) => api::SurveyAnswer::No.into(),
    };
    let answers = &one.answers;
    api::Survey {
        contact_id: one.contact_id.to_string(),
        answers: Some(api::SurveyAnswers {
            felt_helped: answers.felt_helped.map_or(0, i32::from),
            would_recommend: answer(answers.would_recommend),
            told_about_rights: answer(answers.told_about_rights),
            feels_safe: answer(answers.feels_safe),
            words: answers.words.as_ref().map(|words| words.expose().clone()).unwrap_or_default(),
        }),
        danger: one.danger.clone().unwrap_or_default(),
        record_time: Some(timestamp(one.recorded_at)),
        review_time: one.reviewed.map(|(_, at)| timestamp(at)),
        reviewed_by: one.reviewed.map(|(by, _)| by.to_string()).unwrap_or_default(),
    }
}
