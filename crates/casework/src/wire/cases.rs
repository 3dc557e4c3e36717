//! Cases on the wire.

use std::time::Duration;

use helpline_domain::caller::Caller;
use helpline_domain::case::Approval;
use helpline_domain::field_class::FieldClass;
use helpline_domain::id::{CaseId, ContactId, CounsellorId, PersonId};
use helpline_proto::casework::v1 as proto;
use helpline_proto::options::v1::FieldClass as ClassMessage;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{field_class, read_field_classes, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::case::{Case, CaseFilter, NewCase};
use helpline_store::casework::glass::Behind;
use helpline_store::casework::step::Act;
use helpline_store::casework::timeline::CaseEntry;
use helpline_vault::Sensitive;
use uuid::Uuid;

use super::{REMARK, Said, approval, approval_from, id, section_kind, section_kind_from, sensitive, text};
use crate::section::Written;

/// Characters of a section.
const SECTION: usize = 20_000;
/// Characters of the reason to break the glass.
const GLASS: std::ops::RangeInclusive<usize> = 10..=REMARK;
/// How long somebody may be let in.
const LIFETIME: std::ops::RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(365 * 24);

fn ids(ids: &[Uuid]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

pub(crate) fn case(one: &Case) -> proto::Case {
    proto::Case {
        case_id: one.case_id.to_string(),
        number: one.number,
        child_id: one.person_id.to_string(),
        kind: one.kind.clone(),
        status: one.status.clone(),
        settings_version: one.settings_version,
        additional: one.additional,
        owner_id: one.owner_id.to_string(),
        open_time: Some(timestamp(one.opened_at)),
        close_time: one.closed_at.map(timestamp),
        close_reason: one.close_reason.clone().unwrap_or_default(),
        transfer_to_id: id(one.transfer_to),
        transfer_by: id(one.transfer_by),
        approval: one.approval.map_or(0, |what| approval(what).into()),
        approval_asked_by: id(one.approval_asked_by),
        approved_by: id(one.approved_by),
        contact_ids: ids(&one.contact_ids),
        granted_ids: ids(&one.granted_ids),
        open_escalations: one.open.escalations,
        open_referrals: one.open.referrals,
        open_tasks: one.open.tasks,
        revision: one.entries.into(),
    }
}

pub(crate) fn entry(one: &CaseEntry) -> proto::CaseEntry {
    let section = one.section.as_ref();
    proto::CaseEntry {
        sequence: one.sequence,
        time: Some(timestamp(one.at)),
        event: one.event.clone(),
        actor_id: id(one.actor_id),
        actor_role: one.actor_role.clone().unwrap_or_default(),
        detail: one.detail.as_ref().map(ToString::to_string).unwrap_or_default(),
        text: text(one.text.as_ref()),
        section_id: id(section.map(|section| section.section_id)),
        section_kind: section.map_or(0, |section| section_kind(section.kind).into()),
        section_revision: section.map_or(0, |section| section.revision),
        field_class: section.map_or(0, |section| field_class(section.field_class).into()),
    }
}

/// What a reader gives: the command, what it is about, and what else it says.
pub(crate) type Read<T> = Result<(Command, Act, T), Refusal>;

/// Reads a command about a case: its ids, its text, and what else `more` reads.
fn read<M: prost::Message, T>(
    (ctx, caller): (&Ctx, &Caller),
    (method, sent): (&'static str, &M),
    (request_id, case_id): (&str, &str),
    more: impl FnOnce(&mut Fields) -> Option<(Option<Sensitive<String>>, T)>,
) -> Read<T> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(request_id);
    let case_id: Option<CaseId> = fields.id("case_id", case_id);
    let more = more(&mut fields);
    let built = (|| Some((request_id?, case_id?, more?)))();
    let (request_id, case_id, (text, rest)) = fields.build(built)?;
    let act = Act { case_id, entry_id: ctx.ids.v7(), text };
    Ok((command(ctx, caller, method, request_id, sent), act, rest))
}

fn remark(fields: &mut Fields, sent: &str) -> Option<Said> {
    sensitive(fields, "remark", sent, 0..=REMARK)
}

pub(crate) fn open(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::OpenCaseRequest,
) -> Result<(Command, NewCase), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let child_id = fields.id("child_id", &sent.child_id);
    let kind = fields.key("kind", &sent.kind);
    let contact_id = fields.optional_id("contact_id", &sent.contact_id);
    let built = (|| {
        let new = NewCase {
            case_id: ctx.ids.v7().into(),
            child_id: child_id?,
            kind: kind?,
            contact_id: contact_id?,
            additional: sent.additional,
            entry_id: ctx.ids.v7(),
        };
        Some((request_id?, new))
    })();
    let (request_id, new) = fields.build(built)?;
    Ok((command(ctx, caller, "OpenCase", request_id, sent), new))
}

pub(crate) fn write(ctx: &Ctx, caller: &Caller, sent: &proto::WriteCaseSectionRequest) -> Read<Written> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("WriteCaseSection", sent), about, |fields| {
        let kind = fields.choice("kind", sent.kind, proto::SectionKind::as_str_name);
        let class = class(fields, sent.field_class);
        let text = sensitive(fields, "text", &sent.text, 1..=SECTION);
        let section: Option<Option<Uuid>> = fields.optional_id("section_id", &sent.section_id);
        let revision = fields.int("section_revision", sent.section_revision, 0..=i32::MAX);
        if let (Some(section), Some(revision)) = (section, revision)
            && section.is_some() != (revision > 0)
        {
            fields.refuse("section_revision", "the revision that is corrected; 0 for a new section");
        }
        let (kind, revision) = (kind.and_then(section_kind_from)?, revision?);
        let corrects = section?.map(|section| (section, revision));
        Some((text?.0, Written { kind, field_class: class?, corrects }))
    })
}

fn class(fields: &mut Fields, sent: i32) -> Option<FieldClass> {
    if sent == i32::from(ClassMessage::Unspecified) {
        return Some(FieldClass::Narrative);
    }
    let mut alone = Fields::new();
    let read = read_field_classes(&mut alone, "field_class", &[sent]);
    if read.is_none() {
        fields.refuse("field_class", "a class of what is known about a child");
    }
    read?.into_iter().next()
}

/// Where a case is to stand, and why it is closed.
pub(crate) type Status = (String, Option<String>);

pub(crate) fn status(ctx: &Ctx, caller: &Caller, sent: &proto::ChangeCaseStatusRequest) -> Read<Status> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("ChangeCaseStatus", sent), about, |fields| {
        let status = fields.key("status", &sent.status);
        let reason = fields.optional_key("close_reason", &sent.close_reason);
        let remark = remark(fields, &sent.remark);
        Some((remark?.0, (status?, reason?)))
    })
}

pub(crate) fn link(ctx: &Ctx, caller: &Caller, sent: &proto::LinkCaseContactRequest) -> Read<ContactId> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("LinkCaseContact", sent), about, |fields| {
        Some((None, fields.id("contact_id", &sent.contact_id)?))
    })
}

pub(crate) fn unlink(ctx: &Ctx, caller: &Caller, sent: &proto::UnlinkCaseContactRequest) -> Read<ContactId> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("UnlinkCaseContact", sent), about, |fields| {
        Some((None, fields.id("contact_id", &sent.contact_id)?))
    })
}

pub(crate) fn move_case(ctx: &Ctx, caller: &Caller, sent: &proto::MoveCaseRequest) -> Read<PersonId> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("MoveCase", sent), about, |fields| {
        let child = fields.id("child_id", &sent.child_id);
        let remark = sensitive(fields, "remark", &sent.remark, 1..=REMARK);
        Some((remark?.0, child?))
    })
}

fn to(fields: &mut Fields, (to, said): (&str, &str)) -> Option<(Option<Sensitive<String>>, CounsellorId)> {
    let to = fields.id("counsellor_id", to);
    let remark = remark(fields, said);
    Some((remark?.0, to?))
}

pub(crate) fn transfer(ctx: &Ctx, caller: &Caller, sent: &proto::TransferCaseRequest) -> Read<CounsellorId> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("TransferCase", sent), about, |fields| {
        to(fields, (&sent.counsellor_id, &sent.remark))
    })
}

pub(crate) fn assign(ctx: &Ctx, caller: &Caller, sent: &proto::AssignCaseRequest) -> Read<CounsellorId> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("AssignCase", sent), about, |fields| to(fields, (&sent.counsellor_id, &sent.remark)))
}

pub(crate) fn answer_transfer(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnswerCaseTransferRequest,
) -> Read<bool> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("AnswerCaseTransfer", sent), about, |fields| {
        Some((remark(fields, &sent.remark)?.0, sent.accept))
    })
}

pub(crate) fn revoke_transfer(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RevokeCaseTransferRequest,
) -> Read<()> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("RevokeCaseTransfer", sent), about, |_| Some((None, ())))
}

pub(crate) fn ask_approval(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AskCaseApprovalRequest,
) -> Read<Approval> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("AskCaseApproval", sent), about, |fields| {
        let what = fields.choice("approval", sent.approval, proto::CaseApproval::as_str_name);
        let remark = sensitive(fields, "remark", &sent.remark, 1..=REMARK);
        Some((remark?.0, what.and_then(approval_from)?))
    })
}

pub(crate) fn answer_approval(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnswerCaseApprovalRequest,
) -> Read<bool> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("AnswerCaseApproval", sent), about, |fields| {
        Some((remark(fields, &sent.remark)?.0, sent.approve))
    })
}

pub(crate) fn grant(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::GrantCaseAccessRequest,
) -> Read<(CounsellorId, f64)> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("GrantCaseAccess", sent), about, |fields| {
        let to = fields.id("counsellor_id", &sent.counsellor_id);
        let lifetime = fields.duration("lifetime", sent.lifetime.as_ref(), LIFETIME);
        Some((None, (to?, lifetime?.as_secs_f64())))
    })
}

pub(crate) fn revoke_access(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RevokeCaseAccessRequest,
) -> Read<CounsellorId> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("RevokeCaseAccess", sent), about, |fields| {
        Some((None, fields.id("counsellor_id", &sent.counsellor_id)?))
    })
}

/// Behind which glass, and why.
pub(crate) type Broken = (Command, (Behind, Sensitive<String>));

pub(crate) fn break_glass(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::BreakGlassRequest,
) -> Result<Broken, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let case: Option<Option<CaseId>> = fields.optional_id("case_id", &sent.case_id);
    let child: Option<Option<PersonId>> = fields.optional_id("child_id", &sent.child_id);
    let behind = match (case, child) {
        (Some(Some(case)), Some(None)) => Some(Behind::Case(case)),
        (Some(None), Some(Some(child))) => Some(Behind::Child(child)),
        (Some(None), Some(None)) => {
            fields.refuse("case_id", "a case, or a child");
            None
        }
        (Some(Some(_)), Some(Some(_))) => {
            fields.refuse("child_id", "empty if a case is named");
            None
        }
        _ => None,
    };
    let reason = sensitive(&mut fields, "reason", &sent.reason, GLASS).and_then(|said| said.0);
    let (request_id, read) = fields.build(request_id.zip(behind.zip(reason)))?;
    Ok((command(ctx, caller, "BreakGlass", request_id, sent), read))
}

pub(crate) fn review_glass(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::ReviewGlassRequest,
) -> Read<(CounsellorId, bool)> {
    let about = (sent.request_id.as_str(), sent.case_id.as_str());
    read((ctx, caller), ("ReviewGlass", sent), about, |fields| {
        let (said, whose) = to(fields, (&sent.counsellor_id, &sent.remark))?;
        Some((said, (whose, sent.justified)))
    })
}

pub(crate) fn case_id(sent: &str) -> Result<CaseId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("case_id", sent);
    fields.build(id)
}

/// The page tokens of a list of cases.
pub(crate) fn list_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListCasesRequest,
) -> PageTokens<'a> {
    let filter = proto::ListCasesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListCases", caller, &filter)
}

/// Which cases, and a page of them.
pub(crate) type List = (CaseFilter, (u32, Option<CaseId>));

pub(crate) fn list(pages: &PageTokens<'_>, request: &proto::ListCasesRequest) -> Result<List, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let child_id = fields.optional_id("child_id", &request.child_id);
    let (size, child_id) = fields.build(size.zip(child_id))?;
    let filter = CaseFilter { open: request.open, own: request.own, child_id };
    Ok((filter, (size, pages.open(&request.page_token)?)))
}

/// The page tokens of the timeline of a case.
pub(crate) fn timeline_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListCaseTimelineRequest,
) -> PageTokens<'a> {
    let filter =
        proto::ListCaseTimelineRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListCaseTimeline", caller, &filter)
}

/// A case, and a page of its timeline.
pub(crate) type Timeline = (CaseId, (u32, Option<i32>));

pub(crate) fn timeline(
    pages: &PageTokens<'_>,
    request: &proto::ListCaseTimelineRequest,
) -> Result<Timeline, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let id = fields.id("case_id", &request.case_id);
    let (size, id) = fields.build(size.zip(id))?;
    Ok((id, (size, pages.open(&request.page_token)?)))
}
