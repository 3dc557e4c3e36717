//! The risk of a contact is assessed again.

use helpline_domain::caller::Caller;
use helpline_domain::contact::ContactState;
use helpline_domain::id::ContactId;
use helpline_domain::risk::Risk;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::contact::Contact;
use helpline_store::intake::Assessed;
use helpline_store::{Change, Command};

use crate::get_contact::{Seen, get_contact};
use crate::{access, placing};

/// What is asked: [`ChangeRiskRequest`](helpline_proto::intake::v1::ChangeRiskRequest), read.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct ChangeRisk {
    pub command: Command,
    pub contact_id: ContactId,
    pub risk: Risk,
    /// 0 to skip the check.
    pub expected_revision: i64,
}

/// Records a new assessment; a contact in line moves at once. Errors: NOT_FOUND, STATE_REFUSED when it has ended or
/// the caller only advises, REVISION_STALE, REQUEST_ID_REUSED.
pub async fn change_risk(ctx: &Ctx, caller: &Caller, request: ChangeRisk) -> Result<Seen, Refusal> {
    let ChangeRisk { command, contact_id, risk, expected_revision } = request;
    let (before, sight) = access::may_change(ctx, caller, contact_id, access::writes).await?;
    let current = ctx.settings.current(caller.centre_id).await?;
    let class = risk.class(before.channel);
    let target_s = placing::target_wait_s(&current.settings, &before.queue, before.channel, class);
    let offer_timeout_s = current.settings.offer_timeout_for(class);
    let change = ctx
        .store
        .change_risk(&command, contact_id, expected_revision, (risk, class), (target_s, offer_timeout_s))
        .await?;
    if let Change::Done(assessed) = &change {
        tell(ctx, caller, assessed).await;
    }
    let change = change.map(|assessed| Seen { contact: assessed.contact, sight });
    let explain =
        access::why_refused(ctx, caller, contact_id, expected_revision, |contact| contact.ended_at.is_none());
    outcome(change, |id| get_contact(ctx, caller, id.into()), explain).await
}

/// The line holds the contact in its old class until it is told.
pub(crate) async fn tell(ctx: &Ctx, caller: &Caller, assessed: &Assessed) {
    let centre = caller.centre_id;
    let after = &assessed.contact;
    match after.state {
        ContactState::Waiting => {
            if assessed.class_before != after.class {
                let before = Contact { class: assessed.class_before, ..after.clone() };
                ctx.mirror.contact_left(centre, &before).await;
            }
            ctx.mirror.contact_waits_again(centre, after).await;
        }
        ContactState::Offered => {
            // Whoever it rings at sees the new risk, and the end of the offer that came nearer.
            for counsellor in &assessed.offered_to {
                ctx.mirror.counsellor_changed(centre, *counsellor);
            }
            ctx.mirror.contact_changed(centre, after.contact_id);
        }
        _ => ctx.mirror.contact_changed(centre, after.contact_id),
    }
}
