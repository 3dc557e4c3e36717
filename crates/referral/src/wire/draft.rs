//! Drafts, read.

use std::time::Duration;

use helpline_domain::caller::Caller;
use helpline_domain::id::ReferralId;
use helpline_domain::referral::{ReferralState, Urgency};
use helpline_proto::referral::v1 as proto;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::read_field_classes;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::referral::Particulars;
use helpline_store::referral::draft::{NewReferral, Terms};
use helpline_vault::Sensitive;
use prost_types::Duration as Within;

use super::read::{REMARK, service_ids};
use super::urgency_from;

/// Characters of the narrative.
const NARRATIVE: usize = 10_000;
/// How long a choice may have to answer: a minute to 30 days.
const ANSWER: std::ops::RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(30 * 24);

/// What a draft and its revision say alike.
struct Sent<'a> {
    urgency: i32,
    service_ids: &'a [String],
    open_offer: bool,
    open_to_any: bool,
    field_classes: &'a [i32],
    particulars: Option<&'a proto::ReferralParticulars>,
    answer_within: Option<&'a Within>,
    unit: &'a str,
}

pub(crate) fn draft(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::DraftReferralRequest,
) -> Result<(Command, NewReferral), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let contact_id = fields.optional_id("contact_id", &sent.contact_id);
    let need = fields.key("need", &sent.need);
    let terms = terms(
        &mut fields,
        &Sent {
            urgency: sent.urgency,
            service_ids: &sent.service_ids,
            open_offer: sent.open_offer,
            open_to_any: sent.open_to_any,
            field_classes: &sent.field_classes,
            particulars: sent.particulars.as_ref(),
            answer_within: sent.answer_within.as_ref(),
            unit: &sent.unit,
        },
    );
    let part_of = fields.optional_id("part_of_id", &sent.part_of_id);
    let case_id = fields.optional_id("case_id", &sent.case_id);
    if sent.contact_id.is_empty() && sent.case_id.is_empty() {
        fields.refuse("contact_id", "the contact that it comes from, unless it comes from a case");
    }
    fields.build((|| {
        let new = NewReferral {
            referral_id: ctx.ids.v7().into(),
            contact_id: contact_id?,
            part_of: part_of?,
            case_id: case_id?,
            need: need?,
            terms: terms?,
        };
        Some((command(ctx, caller, "DraftReferral", request_id?, sent), new))
    })())
}

/// A draft as it is to be: which, of which revision, and what it says.
pub(crate) type Revision = (ReferralId, Option<i64>, Terms);

pub(crate) fn revise(
    ctx: &Ctx,
    caller: &Caller,
    sent: &proto::ReviseReferralDraftRequest,
) -> Result<(Command, Revision), Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&sent.request_id);
    let id = fields.id("referral_id", &sent.referral_id);
    let terms = terms(
        &mut fields,
        &Sent {
            urgency: sent.urgency,
            service_ids: &sent.service_ids,
            open_offer: sent.open_offer,
            open_to_any: sent.open_to_any,
            field_classes: &sent.field_classes,
            particulars: sent.particulars.as_ref(),
            answer_within: sent.answer_within.as_ref(),
            unit: &sent.unit,
        },
    );
    let expected = fields.expected_revision("expected_revision", sent.expected_revision);
    fields.build((|| {
        let revision = (id?, expected?, terms?);
        Some((command(ctx, caller, "ReviseReferralDraft", request_id?, sent), revision))
    })())
}

fn terms(fields: &mut Fields, sent: &Sent<'_>) -> Option<Terms> {
    let urgency = fields.choice("urgency", sent.urgency, proto::ReferralUrgency::as_str_name);
    let services = match (sent.open_to_any, sent.service_ids) {
        (false, named) => service_ids(fields, named),
        (true, []) => Some(Vec::new()),
        (true, _) => {
            fields.refuse("service_ids", "none, when it is open to any agency");
            None
        }
    };
    let field_classes = read_field_classes(fields, "field_classes", sent.field_classes);
    if sent.field_classes.is_empty() {
        fields.refuse("field_classes", "one at least");
    }
    let particulars = sent.particulars.map_or_else(
        || Some(Particulars::default()),
        |known| fields.within("particulars", |fields| particulars(fields, known)),
    );
    let answer = fields.optional_duration("answer_within", sent.answer_within, ANSWER);
    let unit = fields.optional_key("unit", sent.unit);
    let urgency: Urgency = urgency.and_then(urgency_from)?;
    let usual = ReferralState::Requested.due_s(urgency).unwrap_or_default();
    Some(Terms {
        urgency,
        service_ids: services?,
        open_offer: sent.open_offer || sent.open_to_any,
        open_to_any: sent.open_to_any,
        unit: unit?,
        field_classes: field_classes?,
        particulars: particulars?,
        answer_s: answer?.map_or(Some(usual), |within| u32::try_from(within.as_secs()).ok())?,
    })
}

fn particulars(fields: &mut Fields, sent: &proto::ReferralParticulars) -> Option<Particulars> {
    let mut one = |path: &str, kind: &'static str, text: &str, most: usize| {
        let text = fields.text(path, text, 0..=most)?;
        Some(Some(text).filter(|text| !text.is_empty()).map(|text| Sensitive::new(kind, text)))
    };
    let identity = one("identity", "identity", &sent.identity, REMARK);
    let contact = one("contact", "contact", &sent.contact, REMARK);
    let location = one("location", "location", &sent.location, REMARK);
    let narrative = one("narrative", "narrative", &sent.narrative, NARRATIVE);
    let health = one("health", "health", &sent.health, REMARK);
    let legal = one("legal", "legal", &sent.legal, REMARK);
    let perpetrator = one("perpetrator", "perpetrator", &sent.perpetrator, REMARK);
    Some(Particulars {
        identity: identity?,
        contact: contact?,
        location: location?,
        narrative: narrative?,
        health: health?,
        legal: legal?,
        perpetrator: perpetrator?,
    })
}
