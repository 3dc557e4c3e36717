//! Assessments on the wire.

use helpline_domain::assessment::{
    ApprovalState, AssessmentState, LONGEST_ANSWER, Outcome, OverrideState, Subject, missing, recommended,
};
use helpline_domain::caller::Caller;
use helpline_domain::id::{AssessmentId, CaseId};
use helpline_proto::casework::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{assessment_form, recommended_task, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::assessment::read::{AnsweredAssessment, AssessmentFilter};
use helpline_store::casework::assessment::{Assessment, AssessmentAct};
use helpline_vault::Sensitive;

use super::{REMARK, Said, id, outcome, outcome_from, sensitive, subject, subject_from, text};
use crate::assessment::fill::Given;
use crate::assessment::judge::About;
use crate::assessment::{answers, outcome as holding};

/// Answers of one request.
const MOST_ANSWERS: usize = 200;
/// Characters of the reason to judge otherwise.
const REASON: std::ops::RangeInclusive<usize> = 10..=REMARK;

const fn approval(state: ApprovalState) -> proto::AssessmentApprovalState {
    match state {
        ApprovalState::Asked => proto::AssessmentApprovalState::Asked,
        ApprovalState::Approved => proto::AssessmentApprovalState::Approved,
        ApprovalState::Refused => proto::AssessmentApprovalState::Refused,
    }
}

const fn override_approval(state: OverrideState) -> proto::AssessmentApprovalState {
    match state {
        OverrideState::InForce => proto::AssessmentApprovalState::NotNeeded,
        OverrideState::Asked => proto::AssessmentApprovalState::Asked,
        OverrideState::Approved => proto::AssessmentApprovalState::Approved,
        OverrideState::Refused => proto::AssessmentApprovalState::Refused,
    }
}

fn known(one: Option<Outcome>) -> i32 {
    one.map_or(0, |one| outcome(one).into())
}

pub(crate) fn assessment(one: &Assessment) -> proto::Assessment {
    let state = match one.state {
        AssessmentState::Draft => proto::AssessmentState::Draft,
        AssessmentState::Completed => proto::AssessmentState::Completed,
    };
    let (asked, judged) = (one.approval, one.judgement);
    proto::Assessment {
        assessment_id: one.assessment_id.to_string(),
        number: one.number,
        case_id: one.case_id.to_string(),
        form: one.form.clone(),
        settings_version: one.settings_version,
        subject: subject(one.subject).into(),
        state: state.into(),
        author_ids: one.authors.iter().map(ToString::to_string).collect(),
        start_time: Some(timestamp(one.started_at)),
        completed_by: id(one.completed_by),
        complete_time: one.completed_at.map(timestamp),
        computed_outcome: known(one.computed),
        outcome: known(holding(one)),
        supersedes_id: id(one.supersedes),
        superseded_by_id: id(one.superseded_by),
        approval: asked.map_or(0, |asked| approval(asked.state).into()),
        approval_asked_by: id(asked.map(|asked| asked.asked_by)),
        approval_answered_by: id(asked.and_then(|asked| asked.answered_by)),
        override_outcome: known(judged.map(|judged| judged.outcome)),
        override_by: id(judged.map(|judged| judged.by)),
        override_approval: judged.map_or(0, |judged| override_approval(judged.state).into()),
        override_answered_by: id(judged.and_then(|judged| judged.answered_by)),
        again_task_id: id(one.again_task_id),
        follow_up_task_id: id(one.follow_up_task_id),
        revision: one.revision,
    }
}

/// An assessment with what was asked and answered.
pub(crate) fn answered(one: &AnsweredAssessment) -> Result<proto::AnsweredAssessment, Refusal> {
    let given = answers(one)?;
    let found: Vec<(String, Outcome)> = match &one.findings {
        Some(found) => {
            serde_json::from_str(found.expose()).map_err(|_| Refusal::bug("findings that cannot be read"))?
        }
        None => Vec::new(),
    };
    let steps =
        recommended(&one.form, &found).into_iter().map(|(dimension, step, found)| proto::RecommendedStep {
            dimension: dimension.dimension.clone(),
            outcome: outcome(found).into(),
            step: Some(recommended_task(step)),
        });
    let missing = missing(&one.form, one.assessment.subject, &given);
    Ok(proto::AnsweredAssessment {
        assessment: Some(assessment(&one.assessment)),
        form: Some(assessment_form(&one.form)),
        recommended_steps: steps.collect(),
        missing_questions: missing.into_iter().map(str::to_owned).collect(),
        findings: found
            .iter()
            .map(|(dimension, found)| proto::AssessmentFinding {
                dimension: dimension.clone(),
                outcome: outcome(*found).into(),
            })
            .collect(),
        answers: given
            .into_iter()
            .map(|(question, value)| proto::AssessmentAnswer { question, value })
            .collect(),
        override_reason: text(one.reason.as_ref()),
    })
}

/// Which case, by which form, who is assessed.
pub(crate) type Start = (CaseId, String, Subject);

pub(crate) fn start(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::StartAssessmentRequest,
) -> Result<(Command, Start), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let case_id = fields.id("case_id", &sent.case_id);
    let form = fields.key("form", &sent.form);
    let of = fields.optional_choice("subject", sent.subject, proto::AssessmentSubject::as_str_name);
    let built = (|| {
        let of = of?.and_then(subject_from).unwrap_or(Subject::Child);
        Some((request_id?, (case_id?, form?, of)))
    })();
    let (request_id, read) = fields.build(built)?;
    Ok((command(ctx, caller, "StartAssessment", request_id, sent), read))
}

/// What a reader gives: the command, what it is about, and what else it says.
pub(crate) type Read<T> = Result<(Command, AssessmentAct, T), Refusal>;

/// Reads a command about an assessment: its ids, its remark, and what else `more` reads.
fn read<M: prost::Message, T>(
    (ctx, caller): (&Ctx, &Caller),
    (method, sent): (&'static str, &M),
    (request_id, assessment_id, remark): (&str, &str, &str),
    more: impl FnOnce(&mut Fields) -> Option<T>,
) -> Read<T> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(request_id);
    let assessment_id: Option<AssessmentId> = fields.id("assessment_id", assessment_id);
    let remark = sensitive(&mut fields, "remark", remark, 0..=REMARK);
    let more = more(&mut fields);
    let built = (|| {
        let (assessment_id, Said(remark)) = (assessment_id?, remark?);
        Some((request_id?, AssessmentAct { assessment_id, entry_id: ctx.ids.v7(), remark }, more?))
    })();
    let (request_id, act, more) = fields.build(built)?;
    Ok((command(ctx, caller, method, request_id, sent), act, more))
}

pub(crate) fn save(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::SaveAssessmentRequest,
) -> Read<(Given, Option<i64>)> {
    let about = (sent.request_id.as_str(), sent.assessment_id.as_str(), "");
    read((ctx, caller), ("SaveAssessment", sent), about, |fields| {
        let expected = fields.expected_revision("expected_revision", sent.expected_revision);
        let given = fields.list("answers", &sent.answers, MOST_ANSWERS, |fields, sent| {
            let question = fields.key("question", &sent.question);
            let value = fields.text("value", &sent.value, 0..=LONGEST_ANSWER);
            Some((question?, Sensitive::new("narrative", value?)))
        })?;
        if given.is_empty() {
            fields.refuse("answers", format!("from 1 to {MOST_ANSWERS} entries"));
        }
        let twice = (1..given.len()).find(|&place| {
            given.iter().take(place).any(|(key, _)| Some(key) == given.get(place).map(|one| &one.0))
        });
        if let Some(place) = twice {
            fields.refuse(&format!("answers[{place}].question"), "each question once");
        }
        Some((given, expected?))
    })
}

pub(crate) fn complete(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::CompleteAssessmentRequest,
) -> Read<Option<i64>> {
    let about = (sent.request_id.as_str(), sent.assessment_id.as_str(), "");
    read((ctx, caller), ("CompleteAssessment", sent), about, |fields| {
        fields.expected_revision("expected_revision", sent.expected_revision)
    })
}

pub(crate) fn revise(ctx: &Ctx, caller: &Caller, sent: &proto::ReviseAssessmentRequest) -> Read<()> {
    let about = (sent.request_id.as_str(), sent.assessment_id.as_str(), "");
    read((ctx, caller), ("ReviseAssessment", sent), about, |_| Some(()))
}

pub(crate) fn judge(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::OverrideAssessmentRequest,
) -> Read<(Outcome, Sensitive<String>)> {
    let about = (sent.request_id.as_str(), sent.assessment_id.as_str(), "");
    read((ctx, caller), ("OverrideAssessment", sent), about, |fields| {
        let judged = fields.choice("outcome", sent.outcome, proto::AssessmentOutcome::as_str_name);
        let reason = sensitive(fields, "reason", &sent.reason, REASON);
        Some((judged.and_then(outcome_from)?, reason?.0?))
    })
}

pub(crate) fn ask_approval(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskAssessmentApprovalRequest,
) -> Read<()> {
    let about = (sent.request_id.as_str(), sent.assessment_id.as_str(), sent.remark.as_str());
    read((ctx, caller), ("AskAssessmentApproval", sent), about, |_| Some(()))
}

pub(crate) fn answer_approval(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnswerAssessmentApprovalRequest,
) -> Read<(About, bool)> {
    let about = (sent.request_id.as_str(), sent.assessment_id.as_str(), sent.remark.as_str());
    read((ctx, caller), ("AnswerAssessmentApproval", sent), about, |fields| {
        let asked = fields.choice("approval", sent.approval, proto::AssessmentApproval::as_str_name)?;
        let asked = match asked {
            proto::AssessmentApproval::Content => About::Content,
            proto::AssessmentApproval::Override => About::Override,
            proto::AssessmentApproval::Unspecified => return None,
        };
        Some((asked, sent.approve))
    })
}

pub(crate) fn assessment_id(sent: &str) -> Result<AssessmentId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("assessment_id", sent);
    fields.build(id)
}

/// The page tokens of a list of assessments.
pub(crate) fn list_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListAssessmentsRequest,
) -> PageTokens<'a> {
    let filter = proto::ListAssessmentsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListAssessments", caller, &filter)
}

/// Which assessments, and a page of them.
pub(crate) type List = (AssessmentFilter, (u32, Option<AssessmentId>));

pub(crate) fn list(pages: &PageTokens<'_>, request: &proto::ListAssessmentsRequest) -> Result<List, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let case_id = fields.optional_id("case_id", &request.case_id);
    let (size, case_id) = fields.build(size.zip(case_id))?;
    let filter = AssessmentFilter { drafts: request.drafts, case_id };
    Ok((filter, (size, pages.open(&request.page_token)?)))
}
