//! A referral is written down, and changed while nobody outside knows of it.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::ReferralId;
use helpline_domain::referral::ReferralState;
use helpline_service_kit::command::outcome;
use helpline_service_kit::{Ctx, Refusal, consulate};
use helpline_store::Command;
use helpline_store::casework::migrant::gate::About;
use helpline_store::referral::draft::{NewReferral, Terms};
use helpline_store::referral::read::Referral;

use crate::access;
use crate::act::{committed, refused};

/// Writes a referral down. Errors: INVALID_FIELD without a contact or a case; NOT_FOUND for the contact, a service, the case, or what it is a part of; INVALID_FIELD for a service
/// whose agency cannot answer; NOBODY_FITS when any may have it and none is able; STATE_REFUSED when what it is a part of is over;
/// REQUEST_ID_REUSED.
pub(crate) async fn draft_referral(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewReferral,
) -> Result<Referral, Refusal> {
    let change = committed(ctx, caller, ctx.store.draft_referral(command, new).await?);
    let id = outcome(change, |id| std::future::ready(Ok(id.into())), why_refused(ctx, caller, new)).await?;
    access::seen(ctx, caller, id).await
}

async fn why_refused(ctx: &Ctx, caller: &Caller, new: &NewReferral) -> Result<Refusal, Refusal> {
    if let Some(contact) = new.contact_id {
        let contact = ctx.store.contact(caller.centre_id, contact).await?;
        let own = |contact: &helpline_store::contact::Contact| {
            caller.role == Role::Supervisor || contact.counsellor_id == caller.counsellor_id
        };
        if !contact.as_ref().is_some_and(own) {
            return Ok(Refusal::not_found("contact"));
        }
    }
    if let Some(case) = new.case_id {
        let case = ctx.store.case(caller, case).await?.ok_or_else(|| Refusal::not_found("case"))?;
        if case.closed_at.is_some() {
            return Ok(Refusal::state("case", "closed"));
        }
        if new.contact_id.is_some_and(|contact| !case.contact_ids.contains(&contact.as_uuid())) {
            return Ok(Refusal::invalid_field("case_id", "a case that the contact is linked with"));
        }
    }
    if let Some(whole) = new.part_of {
        let whole = access::seen(ctx, caller, whole).await?;
        if whole.state.is_over() {
            return Ok(Refusal::state("referral", whole.state.key()));
        }
        let same_contact = new.contact_id.is_some() && whole.contact_id == new.contact_id;
        if !same_contact && (new.case_id.is_none() || whole.case_id != new.case_id) {
            return Ok(Refusal::invalid_field(
                "part_of_id",
                "a referral of the same contact, or of the same case",
            ));
        }
    }
    let about =
        About { case: new.case_id.map(|id| id.as_uuid()), contact: new.contact_id, ..About::default() };
    not_asked(ctx, caller, (&new.terms, about)).await
}

/// Changes a draft. Errors: NOT_FOUND for the referral or a service; STATE_REFUSED when it was sent; REVISION_STALE; and of whom
/// it goes to those of a draft.
pub(crate) async fn revise_referral_draft(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, expected, terms): &(ReferralId, Option<i64>, Terms),
) -> Result<Referral, Refusal> {
    let change = ctx.store.revise_referral_draft(command, (*id, *expected), terms).await?;
    let change = committed(ctx, caller, change);
    let id = outcome(change, |id| std::future::ready(Ok(id.into())), async {
        let now = access::seen(ctx, caller, *id).await?;
        if now.state != ReferralState::Draft {
            return Ok(refused(now.state));
        }
        if expected.is_some_and(|expected| expected != now.revision) {
            return Ok(Refusal::stale(now.revision));
        }
        let about = About { referral: Some(id.as_uuid()), ..About::default() };
        not_asked(ctx, caller, (terms, about)).await
    })
    .await?;
    access::seen(ctx, caller, id).await
}

/// Nobody answers for a service that is named.
fn cannot_answer(index: usize) -> Refusal {
    Refusal::invalid_field(format!("service_ids[{index}]"), "a service whose agency can answer")
}

/// Why it cannot go to whom it says.
async fn not_asked(ctx: &Ctx, caller: &Caller, (terms, about): (&Terms, About)) -> Result<Refusal, Refusal> {
    if terms.open_to_any {
        return Ok(Refusal::nobody_fits());
    }
    let answer = ctx.store.services_answer(caller.centre_id, &terms.service_ids).await?;
    for (index, answers) in answer.into_iter().enumerate() {
        match answers {
            None => return Ok(Refusal::not_found("service")),
            Some(false) => return Ok(cannot_answer(index)),
            Some(true) => {}
        }
    }
    for (index, service) in terms.service_ids.iter().enumerate() {
        let agency = ctx.store.agencies_of_services(caller.centre_id, &[*service]).await?;
        consulate::passes(ctx, caller, (&agency, about), cannot_answer(index)).await?;
    }
    Ok(Refusal::race_lost())
}
