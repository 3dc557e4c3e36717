//! What a person answers on the way in is recorded, and weighed by the centre's rules.

use std::collections::BTreeMap;

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::ContactId;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::{Change, Command};
use helpline_vault::Sensitive;

use crate::get_contact::{Seen, get_contact};
use crate::{access, change_risk, raise};

/// What is asked: [`RecordAnswersRequest`](helpline_proto::intake::v1::RecordAnswersRequest), read.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct RecordAnswers {
    pub command: Command,
    pub contact_id: ContactId,
    pub answers: Answers,
}

/// Keys of answers by keys of questions. What a child answers is about the child: it prints as how many there are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answers(pub BTreeMap<String, String>);

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answers", self.0.len())
    }
}

impl Answers {
    /// The one text in which they are sealed: a line `question=value` each. Both are keys, so nothing needs escaping.
    pub(crate) fn text(&self) -> Option<Sensitive<String>> {
        let lines: Vec<_> = self.0.iter().map(|(question, value)| format!("{question}={value}")).collect();
        (!lines.is_empty()).then(|| Sensitive::new("narrative", lines.join("\n")))
    }
}

/// Records answers; a contact in line moves at once when a rule raises its risk. Errors: NOT_FOUND, STATE_REFUSED when
/// the conversation is over or the caller only advises, REQUEST_ID_REUSED.
pub async fn record_answers(ctx: &Ctx, caller: &Caller, request: RecordAnswers) -> Result<Seen, Refusal> {
    let RecordAnswers { command, contact_id, answers } = request;
    let (before, sight) = access::may_change(ctx, caller, contact_id, access::writes).await?;
    let current = ctx.settings.current(caller.centre_id).await?;
    let raising = raise::raising(&current.settings, &before, None, &answers.0);
    let text = answers.text().ok_or_else(|| Refusal::invalid_field("answers", "at least one"))?;
    let change = ctx.store.record_answers(&command, contact_id, &text, raising.as_ref()).await?;
    if let Change::Done(assessed) = &change {
        change_risk::tell(ctx, caller, assessed).await;
    }
    let change = change.map(|assessed| Seen { contact: assessed.contact, sight });
    let explain = access::why_refused(ctx, caller, contact_id, 0, |contact| is_open(contact.state));
    outcome(change, |id| get_contact(ctx, caller, id.into()), explain).await
}

const fn is_open(state: ContactState) -> bool {
    matches!(
        state,
        ContactState::Received | ContactState::Waiting | ContactState::Offered | ContactState::InProgress
    )
}
