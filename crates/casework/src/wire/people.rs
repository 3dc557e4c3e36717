//! Persons on the wire.

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{MergeId, PersonId};
use helpline_domain::person::IdentifierKind;
use helpline_proto::casework::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{person_profile, read_identifier, read_person_profile, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::merge::Merge;
use helpline_store::casework::person::{Link, NewLink, Person, Profile};
use helpline_vault::Sensitive;
use uuid::Uuid;

use super::{REMARK, id, merge_state, relation, relation_from, sensitive, text};

/// A record alone. Who made it and when is for supervisors and who made it: children who were recorded together belong
/// together.
pub(crate) fn person(caller: &Caller, one: &Person) -> Result<proto::Person, Refusal> {
    let own = caller.role == Role::Supervisor || caller.principal() == one.recorded_by;
    Ok(proto::Person {
        person_id: one.person_id.to_string(),
        number: if own { one.number } else { 0 },
        profile: Some(person_profile(&one.document)?),
        survivor_id: one.survivor_id.to_string(),
        recorded_by: if own { one.recorded_by.to_string() } else { String::new() },
        record_time: own.then(|| timestamp(one.recorded_at)),
        revision: one.revision,
        ..proto::Person::default()
    })
}

/// A record that was found: of who may not be seen only what tells one child from another, and what was asked for.
pub(crate) fn found(
    caller: &Caller,
    one: &Person,
    sees: bool,
    asked: Option<&proto::PersonIdentifier>,
) -> Result<proto::Person, Refusal> {
    let mut shown = person(caller, one)?;
    if let Some(profile) = shown.profile.as_mut().filter(|_| !sees) {
        profile.nationalities.clear();
        profile.identifiers = asked.into_iter().cloned().collect();
        // How often it was changed tells when it became known.
        shown.revision = 0;
        shown.partial = true;
    }
    Ok(shown)
}

/// A record with the others of the same person and their links.
pub(crate) fn whole(
    caller: &Caller,
    one: &Person,
    (others, links): (&[PersonId], &[Link]),
) -> Result<proto::Person, Refusal> {
    Ok(proto::Person {
        other_record_ids: others.iter().map(ToString::to_string).collect(),
        links: links.iter().map(|one| link(caller, one)).collect(),
        ..person(caller, one)?
    })
}

/// A link; who made it is told to them and to supervisors.
pub(crate) fn link(caller: &Caller, one: &Link) -> proto::PersonLink {
    let own = caller.role == Role::Supervisor || one.linked_by == caller.principal();
    proto::PersonLink {
        link_id: one.link_id.to_string(),
        person_id: one.person_id.to_string(),
        relative_id: one.relative_id.to_string(),
        relation: relation(one.relation).into(),
        from_time: Some(timestamp(one.from_at)),
        until_time: one.until_at.map(timestamp),
        linked_by: if own { one.linked_by.to_string() } else { String::new() },
        revision: one.revision,
    }
}

pub(crate) fn merge(one: &Merge) -> proto::PersonMerge {
    proto::PersonMerge {
        merge_id: one.merge_id.to_string(),
        survivor_id: one.survivor_id.to_string(),
        absorbed_id: one.absorbed_id.to_string(),
        reason: text(one.reason.as_ref()),
        state: merge_state(one.state).into(),
        asked_by: one.asked_by.to_string(),
        ask_time: Some(timestamp(one.asked_at)),
        answered_by: id(one.answered_by),
        answer_time: one.answered_at.map(timestamp),
        undone_by: id(one.undone_by),
        undo_time: one.undone_at.map(timestamp),
        undo_reason: text(one.undo_reason.as_ref()),
        case_ids: one.case_ids.iter().map(ToString::to_string).collect(),
        revision: one.revision,
    }
}

fn required_profile(fields: &mut Fields, sent: Option<&proto::PersonProfile>) -> Option<Profile> {
    let sent = fields.required("profile", sent)?;
    fields.within("profile", |fields| read_person_profile(fields, sent))
}

pub(crate) fn record(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RecordPersonRequest,
) -> Result<(Command, (PersonId, Profile)), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let profile = required_profile(&mut fields, sent.profile.as_ref());
    let (request_id, profile) = fields.build(request_id.zip(profile))?;
    Ok((command(ctx, caller, "RecordPerson", request_id, sent), (ctx.ids.v4().into(), profile)))
}

/// A record, what is known of it now, and the revision that was read.
pub(crate) type Revised = (PersonId, Profile, Option<i64>);

pub(crate) fn revise(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RevisePersonRequest,
) -> Result<(Command, Revised), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let person_id = fields.id("person_id", &sent.person_id);
    let profile = required_profile(&mut fields, sent.profile.as_ref());
    let expected = fields.expected_revision("expected_revision", sent.expected_revision);
    let built = (|| Some((request_id?, (person_id?, profile?, expected?))))();
    let (request_id, read) = fields.build(built)?;
    Ok((command(ctx, caller, "RevisePerson", request_id, sent), read))
}

/// Two that must not be the same.
fn two(fields: &mut Fields, path: &str, (one, other): (Option<PersonId>, Option<PersonId>)) {
    if one.is_some() && one == other {
        fields.refuse(path, "another person");
    }
}

pub(crate) fn new_link(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::LinkPersonsRequest,
) -> Result<(Command, NewLink), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let person_id = fields.id("person_id", &sent.person_id);
    let relative_id = fields.id("relative_id", &sent.relative_id);
    two(&mut fields, "relative_id", (person_id, relative_id));
    let relation = fields.choice("relation", sent.relation, proto::Relation::as_str_name);
    let from_at = fields.optional_timestamp("from_time", sent.from_time.as_ref());
    let built = (|| {
        let relation = relation.and_then(relation_from)?;
        let (person_id, relative_id) = (person_id?, relative_id?);
        let link = NewLink { link_id: ctx.ids.v7(), person_id, relative_id, relation, from_at: from_at? };
        Some((request_id?, link))
    })();
    let (request_id, link) = fields.build(built)?;
    Ok((command(ctx, caller, "LinkPersons", request_id, sent), link))
}

/// A link, and until when it was.
pub(crate) type Ended = (Uuid, Option<DateTime<Utc>>);

pub(crate) fn end_link(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::EndPersonLinkRequest,
) -> Result<(Command, Ended), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let link_id = fields.id("link_id", &sent.link_id);
    let until = fields.optional_timestamp("until_time", sent.until_time.as_ref());
    let (request_id, read) = fields.build(request_id.zip(link_id.zip(until)))?;
    Ok((command(ctx, caller, "EndPersonLink", request_id, sent), read))
}

/// Two records, and why they are one person.
pub(crate) type Asked = (MergeId, (PersonId, PersonId), Sensitive<String>);

pub(crate) fn ask_merge(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskMergeRequest,
) -> Result<(Command, Asked), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let survivor = fields.id("survivor_id", &sent.survivor_id);
    let absorbed = fields.id("absorbed_id", &sent.absorbed_id);
    two(&mut fields, "absorbed_id", (survivor, absorbed));
    let reason = sensitive(&mut fields, "reason", &sent.reason, 1..=REMARK);
    let built = (|| Some((request_id?, (ctx.ids.v7().into(), (survivor?, absorbed?), reason?.0?))))();
    let (request_id, asked) = fields.build(built)?;
    Ok((command(ctx, caller, "AskMerge", request_id, sent), asked))
}

pub(crate) fn answer_merge(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnswerMergeRequest,
) -> Result<(Command, (MergeId, bool)), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let merge_id = fields.id("merge_id", &sent.merge_id);
    let (request_id, merge_id) = fields.build(request_id.zip(merge_id))?;
    Ok((command(ctx, caller, "AnswerMerge", request_id, sent), (merge_id, sent.agree)))
}

pub(crate) fn undo_merge(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::UndoMergeRequest,
) -> Result<(Command, (MergeId, Sensitive<String>)), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let merge_id = fields.id("merge_id", &sent.merge_id);
    let reason = sensitive(&mut fields, "reason", &sent.reason, 1..=REMARK).and_then(|said| said.0);
    let (request_id, read) = fields.build(request_id.zip(merge_id.zip(reason)))?;
    Ok((command(ctx, caller, "UndoMerge", request_id, sent), read))
}

pub(crate) fn merge_id(sent: &str) -> Result<MergeId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("merge_id", sent);
    fields.build(id)
}

pub(crate) fn person_id(sent: &str) -> Result<PersonId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("person_id", sent);
    fields.build(id)
}

/// The page tokens of who has an identifier.
pub(crate) fn find_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::FindPersonsRequest,
) -> PageTokens<'a> {
    let filter = proto::FindPersonsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "FindPersons", caller, &filter)
}

/// An identifier and a page of those who have it.
pub(crate) type Find = ((IdentifierKind, Sensitive<String>), (u32, Option<PersonId>));

pub(crate) fn find(pages: &PageTokens<'_>, request: &proto::FindPersonsRequest) -> Result<Find, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let sent = fields.required("identifier", request.identifier.as_ref());
    let read = sent.and_then(|sent| fields.within("identifier", |fields| read_identifier(fields, sent)));
    let (size, (kind, value)) = fields.build(size.zip(read))?;
    Ok(((kind, Sensitive::new("identity", value)), (size, pages.open(&request.page_token)?)))
}

/// The page tokens of a list of merges.
pub(crate) fn merge_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListMergesRequest,
) -> PageTokens<'a> {
    let filter = proto::ListMergesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListMerges", caller, &filter)
}

/// Which merges, and a page of them.
pub(crate) type Merges = ((bool, Option<PersonId>), (u32, Option<MergeId>));

pub(crate) fn merges(pages: &PageTokens<'_>, request: &proto::ListMergesRequest) -> Result<Merges, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let person_id = fields.optional_id("person_id", &request.person_id);
    let (size, person_id) = fields.build(size.zip(person_id))?;
    Ok(((request.asked, person_id), (size, pages.open(&request.page_token)?)))
}
