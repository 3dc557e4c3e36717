//! Who may know of which contact.

use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{ContactId, CounsellorId, TokenId};
use helpline_domain::participation::ParticipationKind;
use helpline_service_kit::wire::{Sight, joined_sight};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::contact::Contact;

/// How much the caller may see of a contact with this counsellor, brought by this token; `None` when they may not know
/// that it exists. An offer does not open a contact: only accepting it does. Nor does an invitation: who has joined is asked
/// for by [`sight_of_guest`].
pub(crate) fn sight(
    caller: &Caller,
    counsellor: Option<CounsellorId>,
    brought_by: Option<TokenId>,
) -> Option<Sight> {
    match caller.role {
        Role::ChannelAdapter => (brought_by == Some(caller.token_id)).then_some(Sight::Coded),
        Role::Counsellor => {
            (caller.counsellor_id.is_some() && counsellor == caller.counsellor_id).then_some(Sight::Full)
        }
        Role::Supervisor => Some(Sight::Full),
        Role::Administrator | Role::AgencyResponder | Role::AgencyLink => None,
    }
}

/// A contact the caller may know of, and how much of it. Error: NOT_FOUND for every other.
pub(crate) async fn visible(ctx: &Ctx, caller: &Caller, id: ContactId) -> Result<(Contact, Sight), Refusal> {
    let not_found = || Refusal::not_found("contact");
    let contact = ctx.store.contact(caller.centre_id, id).await?.ok_or_else(not_found)?;
    let sight = match sight(caller, contact.counsellor_id, contact.brought_by) {
        Some(sight) => Some(sight),
        None => sight_of_guest(ctx, caller, id).await?,
    };
    sight.map(|sight| (contact, sight)).ok_or_else(not_found)
}

/// A contact the caller may change: it is theirs, or they have joined it as what `joined` allows. Errors: NOT_FOUND,
/// STATE_REFUSED for who has joined as something else.
pub(crate) async fn may_change(
    ctx: &Ctx,
    caller: &Caller,
    id: ContactId,
    joined: impl Fn(ParticipationKind) -> bool,
) -> Result<(Contact, Sight), Refusal> {
    let (contact, seen) = visible(ctx, caller, id).await?;
    if sight(caller, contact.counsellor_id, contact.brought_by).is_none()
        && let Some(counsellor) = caller.counsellor_id
        && let Some(kind) = ctx.store.joined_as(caller.centre_id, id, counsellor).await?
        && !joined(kind)
    {
        return Err(Refusal::state("participation", kind.key()));
    }
    Ok((contact, seen))
}

/// Whether who has joined so writes as well as reads.
pub(crate) fn writes(kind: ParticipationKind) -> bool {
    kind != ParticipationKind::Consult
}

/// How much a counsellor may see of another's contact that they have joined; `None` when they have not, or no more.
pub(crate) async fn sight_of_guest(
    ctx: &Ctx,
    caller: &Caller,
    id: ContactId,
) -> Result<Option<Sight>, Refusal> {
    let Some(counsellor) = caller.counsellor_id else { return Ok(None) };
    Ok(ctx.store.joined_as(caller.centre_id, id, counsellor).await?.map(joined_sight))
}

/// Why a change of a contact was refused, as far as it can be known afterwards: the caller may not know of it, its state
/// is none of those in which `allowed` holds, or it has changed since `expected_revision` (0: not asked).
pub(crate) async fn why_refused(
    ctx: &Ctx,
    caller: &Caller,
    id: ContactId,
    expected_revision: i64,
    allowed: impl Fn(&Contact) -> bool,
) -> Result<Refusal, Refusal> {
    let (contact, _) = visible(ctx, caller, id).await?;
    Ok(if !allowed(&contact) {
        Refusal::state("contact", contact.state.key())
    } else if expected_revision != 0 && contact.revision != expected_revision {
        Refusal::stale(contact.revision)
    } else {
        // It held when this looked and did not a moment before.
        Refusal::race_lost()
    })
}

/// Whether a contact of the caller is a callback of which nobody has said what the attempt came to.
pub(crate) async fn attempt_is_open(ctx: &Ctx, caller: &Caller, id: ContactId) -> Result<bool, Refusal> {
    let (contact, _) = visible(ctx, caller, id).await?;
    let Some(callback) = contact.callback_id else { return Ok(false) };
    let callback = ctx.store.callback(caller.centre_id, callback).await?;
    Ok(callback.is_some_and(|callback| callback.is_attempting()))
}

#[cfg(test)]
mod tests {
    use helpline_domain::id::CentreId;
    use uuid::Uuid;

    use super::*;

    fn caller(role: Role, token: u128) -> Caller {
        Caller {
            token_id: Uuid::from_u128(token).into(),
            centre_id: CentreId::from(Uuid::from_u128(1)),
            role,
            counsellor_id: (role == Role::Counsellor).then(|| Uuid::from_u128(token + 100).into()),
            agency_id: None,
            only: None,
        }
    }

    #[test]
    fn each_role_knows_of_its_own_contacts_and_only_supervisors_of_all() {
        let adapter = Some(TokenId::from(Uuid::from_u128(7)));
        let counsellor = Some(CounsellorId::from(Uuid::from_u128(108)));
        assert_eq!(sight(&caller(Role::ChannelAdapter, 7), counsellor, adapter), Some(Sight::Coded));
        assert_eq!(sight(&caller(Role::ChannelAdapter, 8), counsellor, adapter), None);
        assert_eq!(sight(&caller(Role::Counsellor, 8), counsellor, adapter), Some(Sight::Full));
        assert_eq!(sight(&caller(Role::Counsellor, 9), counsellor, adapter), None);
        assert_eq!(sight(&caller(Role::Counsellor, 9), None, adapter), None);
        assert_eq!(sight(&caller(Role::Supervisor, 9), None, None), Some(Sight::Full));
        assert_eq!(sight(&caller(Role::Administrator, 9), None, adapter), None);
    }

    #[test]
    fn a_contact_recorded_afterwards_was_brought_by_no_adapter() {
        assert_eq!(sight(&caller(Role::ChannelAdapter, 7), None, None), None);
    }
}
