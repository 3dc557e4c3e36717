//! What is asked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CohortId, CounsellorId, ReturneeId};
use helpline_domain::reintegration::{NotArrivedReason, ReturneeState};
use helpline_proto::reintegration::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::read_person_profile;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::reintegration::step::Act;
use helpline_vault::Sensitive;

use super::{reason_from, state_from};
use crate::announce::Announced;

const NAME: std::ops::RangeInclusive<usize> = 1..=200;
/// Characters of a key of a list.
const KEY: usize = 100;
const MOST_CHILDREN: usize = 200;
const MOST_OF_FAMILY: usize = 20;

/// A cohort to create: its id, its name, and when it is expected.
pub(crate) type NewCohort = (CohortId, Sensitive<String>, DateTime<Utc>);

pub(crate) fn create(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::CreateCohortRequest,
) -> Result<(Command, NewCohort), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let name = fields.line("display_name", &sent.display_name, NAME);
    let at = fields.timestamp("expected_time", sent.expected_time.as_ref());
    let (request_id, (name, at)) = fields.build(request_id.zip(name.zip(at)))?;
    let new = (ctx.ids.v7().into(), Sensitive::new("legal", name), at);
    Ok((command(ctx, caller, "CreateCohort", request_id, sent), new))
}

/// Readers of who may know of a cohort, and who may not any more.
macro_rules! granted {
    ($($name:ident: $method:literal, $request:ident, $granted:literal;)+) => {
        $(pub(crate) fn $name(
            ctx: &Ctx,
            caller: &Caller,
            sent: &proto::$request,
        ) -> Result<(Command, (CohortId, CounsellorId, bool)), Refusal> {
            let mut fields = Fields::new();
            let request_id = fields.request_id(&sent.request_id);
            let cohort = fields.id("cohort_id", &sent.cohort_id);
            let whose = fields.id("counsellor_id", &sent.counsellor_id);
            let (request_id, (cohort, whose)) = fields.build(request_id.zip(cohort.zip(whose)))?;
            Ok((command(ctx, caller, $method, request_id, sent), (cohort, whose, $granted)))
        })+
    };
}

granted!(
    grant: "GrantCohort", GrantCohortRequest, true;
    revoke: "RevokeCohort", RevokeCohortRequest, false;
);

pub(crate) fn reschedule_cohort(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::RescheduleCohortRequest,
) -> Result<(Command, (CohortId, DateTime<Utc>)), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let cohort = fields.id("cohort_id", &sent.cohort_id);
    let at = fields.timestamp("expected_time", sent.expected_time.as_ref());
    let (request_id, read) = fields.build(request_id.zip(cohort.zip(at)))?;
    Ok((command(ctx, caller, "RescheduleCohort", request_id, sent), read))
}

pub(crate) fn announce(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::AnnounceReturneesRequest,
) -> Result<(Command, (CohortId, Vec<Announced>)), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let cohort = fields.id("cohort_id", &sent.cohort_id);
    if sent.children.is_empty() {
        fields.refuse("children", "one at least");
    }
    let children = fields.list("children", &sent.children, MOST_CHILDREN, child);
    if children.is_some() {
        each_once(&mut fields, &sent.children);
    }
    let (request_id, read) = fields.build(request_id.zip(cohort.zip(children)))?;
    Ok((command(ctx, caller, "AnnounceReturnees", request_id, sent), read))
}

/// Each key of a list once, and no family that nobody has.
fn each_once(fields: &mut Fields, sent: &[proto::AnnouncedChild]) {
    let (mut known, mut families) = (BTreeSet::new(), BTreeMap::<&str, usize>::new());
    for (place, one) in sent.iter().enumerate() {
        if !known.insert(&one.list_key) {
            fields.refuse(&format!("children[{place}].list_key"), "each key once");
        }
        let family = families.entry(&one.family_key).or_default();
        *family = family.saturating_add(1);
        if !one.family_key.is_empty() && *family > MOST_OF_FAMILY {
            fields.refuse(
                &format!("children[{place}].family_key"),
                format!("at most {MOST_OF_FAMILY} of a family"),
            );
        }
    }
}

fn child(fields: &mut Fields, sent: &proto::AnnouncedChild) -> Option<Announced> {
    let list_key = fields.line("list_key", &sent.list_key, 1..=KEY);
    let family_key = fields.line("family_key", &sent.family_key, 0..=KEY);
    let profile = fields
        .required("profile", sent.profile.as_ref())
        .and_then(|sent| fields.within("profile", |fields| read_person_profile(fields, sent)));
    let expected_at = fields.optional_timestamp("expected_time", sent.expected_time.as_ref());
    Some(Announced {
        list_key: Sensitive::new("identity", list_key?),
        family_key: Sensitive::new("identity", family_key?),
        profile: profile?,
        expected_at: expected_at?,
    })
}

/// Reads a step; what it says besides is read by `rest`.
fn read<M: prost::Message, T>(
    (ctx, caller): (&Ctx, &Caller),
    (method, sent): (&'static str, &M),
    (request_id, returnee_id, expected): (&str, &str, i64),
    rest: impl FnOnce(&mut Fields) -> Option<T>,
) -> Result<((Command, Act), T), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(request_id);
    let returnee_id = fields.id("returnee_id", returnee_id);
    let expected = fields.expected_revision("expected_revision", expected);
    let rest = rest(&mut fields);
    let built = request_id.zip(rest).zip(returnee_id.zip(expected));
    let ((request_id, rest), (returnee_id, expected)) = fields.build(built)?;
    Ok(((command(ctx, caller, method, request_id, sent), Act { returnee_id, expected }), rest))
}

/// Readers of steps, each with what it says besides.
macro_rules! steps {
    ($($name:ident: $method:literal, $request:ident -> $said:ty, |$fields:ident, $sent:ident| $rest:expr;)+) => {
        $(pub(crate) fn $name(
            ctx: &Ctx,
            caller: &Caller,
            sent: &proto::$request,
        ) -> Result<((Command, Act), $said), Refusal> {
            let $sent = sent;
            let common = (sent.request_id.as_str(), sent.returnee_id.as_str(), sent.expected_revision);
            read((ctx, caller), ($method, sent), common, |$fields| $rest)
        })+
    };
}

steps!(
    reschedule: "RescheduleReturnee", RescheduleReturneeRequest -> DateTime<Utc>,
        |fields, sent| fields.timestamp("expected_time", sent.expected_time.as_ref());
    arrive: "RecordReturneeArrival", RecordReturneeArrivalRequest -> (), |_fields, _sent| Some(());
    not_arrived: "RecordReturneeNotArrived", RecordReturneeNotArrivedRequest -> NotArrivedReason,
        |fields, sent| fields.choice("reason", sent.reason, proto::NotArrivedReason::as_str_name).and_then(reason_from);
    rehabilitate: "StartFirstRehabilitation", StartFirstRehabilitationRequest -> (), |_fields, _sent| Some(());
    settle: "SettleReturnee", SettleReturneeRequest -> String, |fields, sent| fields.key("region", &sent.region);
    monitor: "StartReturneeMonitoring", StartReturneeMonitoringRequest -> (), |_fields, _sent| Some(());
    close: "CloseReturnee", CloseReturneeRequest -> (), |_fields, _sent| Some(());
);

pub(crate) fn cohort_id(sent: &str) -> Result<CohortId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("cohort_id", sent);
    fields.build(id)
}

pub(crate) fn returnee_id(sent: &str) -> Result<ReturneeId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("returnee_id", sent);
    fields.build(id)
}

/// The page tokens of the list of cohorts, which asks for nothing.
pub(crate) fn cohort_pages<'a>(ctx: &'a Ctx, caller: &Caller) -> PageTokens<'a> {
    PageTokens::new(ctx.vault(), "ListCohorts", caller, &proto::ListCohortsRequest::default())
}

/// The page tokens of a list of children: good for the same question alone.
pub(crate) fn returnee_pages<'a>(
    ctx: &'a Ctx,
    caller: &Caller,
    request: &proto::ListReturneesRequest,
) -> PageTokens<'a> {
    let filter = proto::ListReturneesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    PageTokens::new(ctx.vault(), "ListReturnees", caller, &filter)
}

pub(crate) fn cohorts(
    pages: &PageTokens<'_>,
    sent: &proto::ListCohortsRequest,
) -> Result<(u32, Option<CohortId>), Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(sent.page_size);
    let size = fields.build(size)?;
    Ok((size, pages.open(&sent.page_token)?))
}

/// Which children, and a page of them.
pub(crate) type Returnees = ((CohortId, Option<ReturneeState>), (u32, Option<ReturneeId>));

pub(crate) fn returnees(
    pages: &PageTokens<'_>,
    sent: &proto::ListReturneesRequest,
) -> Result<Returnees, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(sent.page_size);
    let cohort = fields.id("cohort_id", &sent.cohort_id);
    let state = fields.optional_choice("state", sent.state, proto::ReturneeState::as_str_name);
    let (size, (cohort, state)) = fields.build(size.zip(cohort.zip(state)))?;
    Ok(((cohort, state.and_then(state_from)), (size, pages.open(&sent.page_token)?)))
}
