//! Who somebody is, and who belongs to them.

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::PersonId;
use helpline_domain::person::IdentifierKind;
use helpline_service_kit::command::outcome;
use helpline_service_kit::page::cut;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::casework::person::{Link, NewLink, Person, Profile};
use helpline_store::{Change, Command};
use helpline_vault::Sensitive;
use uuid::Uuid;

use crate::act::TRIES;
use crate::open::Page;

/// A record that the caller may see. Error: NOT_FOUND for every other.
pub(crate) async fn seen(ctx: &Ctx, caller: &Caller, id: PersonId) -> Result<Person, Refusal> {
    ctx.store.person(caller, id).await?.ok_or_else(|| Refusal::not_found("person"))
}

/// Records a person. Error: REQUEST_ID_REUSED.
pub(crate) async fn record(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, profile): (PersonId, &Profile),
) -> Result<Person, Refusal> {
    let change = ctx.store.record_person(command, id, profile).await?;
    let lost = async { Ok(Refusal::race_lost()) };
    let id = outcome(change, |id| std::future::ready(Ok(id)), lost).await?;
    seen(ctx, caller, id.into()).await
}

/// Writes a record anew. Errors: NOT_FOUND, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn revise(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, profile, expected): (PersonId, &Profile, Option<i64>),
) -> Result<Person, Refusal> {
    for _ in 0..TRIES {
        let now = ctx.store.person(caller, id).await?.map(|now| now.revision);
        // Of no revision it is refused; but a repeat is recognised.
        let revision = expected.or(now).unwrap_or_default();
        match ctx.store.revise_person(command, id, profile, revision).await? {
            Change::Done(_) | Change::Replayed { .. } => return seen(ctx, caller, id).await,
            Change::Reused => return Err(Refusal::request_id_reused()),
            Change::Refused => {
                let now = seen(ctx, caller, id).await?.revision;
                if expected.is_some() {
                    return Err(Refusal::stale(now));
                }
            }
        }
    }
    Err(Refusal::race_lost())
}

/// How far a caller's clock may be ahead.
const CLOCKS: TimeDelta = TimeDelta::minutes(1);

async fn link_by_id(ctx: &Ctx, caller: &Caller, id: Uuid) -> Result<Link, Refusal> {
    let found = ctx.store.person_links(caller, &[], Some(id)).await?.pop();
    let link = found.ok_or_else(|| Refusal::not_found("link"))?;
    match ctx.store.person(caller, link.person_id).await? {
        Some(_) => Ok(link),
        None => Err(Refusal::not_found("link")),
    }
}

/// Says who somebody is to a person. Errors: NOT_FOUND for both, ALREADY_EXISTS, REQUEST_ID_REUSED.
pub(crate) async fn link(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    new: &NewLink,
) -> Result<Link, Refusal> {
    let change = ctx.store.link_persons(command, new).await?;
    let why = async {
        seen(ctx, caller, new.person_id).await?;
        seen(ctx, caller, new.relative_id).await?;
        Ok(match new.from_at {
            Some(from) if from - ctx.store.now().await? > CLOCKS => {
                Refusal::invalid_field("from_time", "a time that is not to come")
            }
            _ => Refusal::already_exists("link"),
        })
    };
    let id = outcome(change, |id| std::future::ready(Ok(id)), why).await?;
    link_by_id(ctx, caller, id).await
}

/// Ends a link. Errors: NOT_FOUND, STATE_REFUSED when it has ended, INVALID_FIELD for an end before its beginning, REQUEST_ID_REUSED.
pub(crate) async fn end_link(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, until): (Uuid, Option<DateTime<Utc>>),
) -> Result<Link, Refusal> {
    let change = ctx.store.end_person_link(command, id, until).await?;
    let why = async {
        let link = link_by_id(ctx, caller, id).await?;
        Ok(match link.until_at {
            Some(_) => Refusal::state("link", "ended"),
            None => Refusal::invalid_field("until_time", "not before it began, nor to come"),
        })
    };
    outcome(change, |id| std::future::ready(Ok(id)), why).await?;
    link_by_id(ctx, caller, id).await
}

/// A record, the others of the same person, and their links; the journal says that it was read. Error: NOT_FOUND.
pub(crate) async fn get(
    ctx: &Ctx,
    caller: &Caller,
    id: PersonId,
) -> Result<(Person, Vec<PersonId>, Vec<Link>), Refusal> {
    let person = ctx.store.read_person(caller, id).await?.ok_or_else(|| Refusal::not_found("person"))?;
    let mut records = ctx.store.records_of(caller.centre_id, id).await?;
    let links = ctx.store.person_links(caller, &records, None).await?;
    records.retain(|record| *record != id);
    records.sort_unstable();
    Ok((person, records, links))
}

/// Everybody who has an identifier, in no order that tells anything, and whether the caller may see each; the journal says who was found.
pub(crate) async fn find(
    ctx: &Ctx,
    caller: &Caller,
    (kind, value): (IdentifierKind, &Sensitive<String>),
    (size, before): (u32, Option<PersonId>),
) -> Result<Page<(Person, bool), PersonId>, Refusal> {
    let page = (size.saturating_add(1), before);
    let found = ctx.store.find_persons(caller, (kind, value), page).await?;
    Ok(cut(found, size, |(one, _)| one.person_id))
}
