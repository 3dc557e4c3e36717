//! A contact is signed off.

use helpline_domain::caller::Caller;
use helpline_domain::closing::{Closing, check_closing};
use helpline_domain::contact::ContactState;
use helpline_domain::id::ContactId;
use helpline_domain::settings::Settings;
use helpline_service_kit::command::outcome;
use helpline_service_kit::error::Violation;
use helpline_service_kit::wire::Sight;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::intake::Moved;
use helpline_store::{Change, Command};
use helpline_vault::Sensitive;

use crate::access;
use crate::get_contact::{Seen, get_contact};

/// A closing record with its words.
#[derive(Clone, Debug)]
pub struct ClosingRecord {
    /// What is coded.
    pub closing: Closing,
    /// The summary; may be empty.
    pub summary: Sensitive<String>,
}

impl ClosingRecord {
    /// Whether it says all that must be known. Error: INVALID_FIELD with every problem, each under `closing.`.
    pub(crate) fn check(&self, settings: &Settings) -> Result<(), Refusal> {
        let has_summary = !self.summary.expose().trim().is_empty();
        let problems = check_closing(&self.closing, has_summary, settings);
        if problems.is_empty() {
            return Ok(());
        }
        let violation = |problem: helpline_domain::closing::ClosingProblem| Violation {
            field: format!("closing.{}", problem.field),
            expected: problem.expected.to_owned(),
        };
        Err(Refusal::invalid_fields(problems.into_iter().map(violation).collect()))
    }
}

/// What is asked: [`CompleteContactRequest`](helpline_proto::intake::v1::CompleteContactRequest), read.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct CompleteContact {
    pub command: Command,
    pub contact_id: ContactId,
    pub record: ClosingRecord,
    /// 0 to skip the check.
    pub expected_revision: i64,
}

/// Signs a contact off as its counsellor and frees them, if it still held them. Errors: NOT_FOUND, INVALID_FIELD,
/// STATE_REFUSED, also while an escalation of it is open, REVISION_STALE, REQUEST_ID_REUSED.
pub async fn complete_contact(ctx: &Ctx, caller: &Caller, request: CompleteContact) -> Result<Seen, Refusal> {
    let CompleteContact { command, contact_id, record, expected_revision } = request;
    let current = ctx.settings.current(caller.centre_id).await?;
    record.check(&current.settings)?;
    let ClosingRecord { closing, summary } = &record;
    let change = ctx.store.complete(&command, contact_id, expected_revision, closing, summary).await?;
    fail_point!("complete.after_commit");
    if let Change::Done(moved) = &change {
        tell(ctx, caller, moved).await;
    }
    let change = change.map(|moved| Seen { contact: moved.contact, sight: Sight::Full });
    let explain = access::why_refused(ctx, caller, contact_id, expected_revision, |contact| {
        matches!(
            contact.state,
            ContactState::InProgress | ContactState::WrapUp | ContactState::WaitingOffline
        )
    });
    let explain = async {
        // Whoever called says first whether they reached anybody.
        if access::attempt_is_open(ctx, caller, contact_id).await? {
            return Ok(Refusal::attempt_unrecorded());
        }
        let why = explain.await?;
        // It could be signed off but for the child who is still in danger.
        if why == Refusal::race_lost()
            && let Some(state) = ctx.store.escalation_open_for(caller.centre_id, contact_id).await?
        {
            return Ok(Refusal::state("escalation", state.key()));
        }
        Ok(why)
    };
    outcome(change, |id| get_contact(ctx, caller, id.into()), explain).await
}

async fn tell(ctx: &Ctx, caller: &Caller, moved: &Moved) {
    let centre = caller.centre_id;
    ctx.mirror.contact_changed(centre, moved.contact.contact_id);
    if let (Some(answered), Some(ended)) = (moved.contact.answered_at, moved.contact.ended_at) {
        ctx.metrics.contacts().handled(ended - answered);
    }
    ctx.mirror.rooms_changed(centre, &moved.rooms, moved.contact.counsellor_id).await;
}
