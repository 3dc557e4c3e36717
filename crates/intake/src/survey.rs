//! What somebody says of a contact afterwards. Whoever tells of danger is not overlooked because the conversation is over.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::ContactId;
use helpline_domain::risk;
use helpline_domain::settings::Settings;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::survey::{Answers, Survey};
use helpline_store::{Change, Command};

use crate::access;

/// Why supervisors are told when no rule has found anything.
const NOT_SAFE: &str = "feels_safe";

/// Records a survey. Errors: NOT_FOUND, STATE_REFUSED before the contact has ended, SURVEY_TOO_LATE, ALREADY_EXISTS, REQUEST_ID_REUSED.
pub(crate) async fn record(
    ctx: &Ctx,
    caller: &Caller,
    (command, contact_id): (&Command, ContactId),
    answers: &Answers,
) -> Result<DateTime<Utc>, Refusal> {
    let settings = ctx.settings.current(caller.centre_id).await?;
    let danger = danger(&settings.settings, answers);
    let within_s = settings.settings.school.survey_s;
    let change = ctx.store.record_survey(command, contact_id, (answers, danger.as_deref()), within_s).await?;
    if matches!(change, Change::Done(_)) {
        fail_point!("survey.after_commit");
    }
    let change = change.map(|survey| survey.recorded_at);
    let load = async |_| {
        let at = ctx.store.surveyed_at(caller.centre_id, contact_id).await?;
        access::visible(ctx, caller, contact_id).await?;
        at.ok_or_else(|| Refusal::not_found("survey"))
    };
    let why = async {
        let (contact, _) = access::visible(ctx, caller, contact_id).await?;
        let taken = ctx.store.surveyed_at(caller.centre_id, contact_id).await?.is_some();
        Ok(match contact.ended_at {
            None => Refusal::state("contact", contact.state.key()),
            Some(_) if taken => Refusal::already_exists("survey"),
            Some(_) => Refusal::survey_too_late(),
        })
    };
    outcome(change, load, why).await
}

/// What in it tells of danger: the gravest of the rules that find something in the words, or that somebody does not feel safe.
fn danger(settings: &Settings, answers: &Answers) -> Option<String> {
    let words = answers.words.as_ref().map(|words| words.expose().as_str());
    let found = risk::found(&settings.risk_rules, words, &BTreeMap::new()).into_iter().next();
    let unsafe_now = answers.feels_safe == Some(false);
    found.map(|found| found.rule).or_else(|| unsafe_now.then(|| NOT_SAFE.to_owned()))
}

/// Says that a supervisor has looked at it. Errors: NOT_FOUND, STATE_REFUSED when one has, REQUEST_ID_REUSED.
pub(crate) async fn review(
    ctx: &Ctx,
    caller: &Caller,
    (command, contact_id): (&Command, ContactId),
) -> Result<Survey, Refusal> {
    let change = ctx.store.review_survey(command, contact_id).await?;
    if matches!(change, Change::Done(_)) {
        fail_point!("survey.after_review");
    }
    let why = async {
        let taken = ctx.store.surveyed_at(caller.centre_id, contact_id).await?;
        Ok(taken.map_or_else(|| Refusal::not_found("survey"), |_| Refusal::state("survey", "reviewed")))
    };
    outcome(change, |_| get(ctx, caller, contact_id), why).await
}

/// The survey of a contact. Error: NOT_FOUND.
pub(crate) async fn get(ctx: &Ctx, caller: &Caller, contact_id: ContactId) -> Result<Survey, Refusal> {
    ctx.store.survey(caller, contact_id).await?.ok_or_else(|| Refusal::not_found("survey"))
}
