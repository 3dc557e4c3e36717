//! What both sides sign: one document, of ids and times alone, by whose hash each says what they have signed.

use chrono::{DateTime, SecondsFormat, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::crossborder::{CrossBorderSide, CrossBorderState};
use helpline_domain::id::CentreId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::crossborder::read::CrossBorder;
use helpline_store::crossborder::step::{Act, Due, Step};

use crate::act::{act, refused, side, to};

/// The document about a child who has arrived now.
pub(crate) fn document(centre: CentreId, now: &CrossBorder) -> String {
    let time = |at: Option<DateTime<Utc>>| {
        at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()
    };
    let basis = now.decision.as_ref().map_or("", |decision| decision.inputs.legal_basis.as_str());
    let lines = [
        ("crossborder_id", now.crossborder_id.to_string()),
        ("number", now.number.to_string()),
        ("sending_centre", centre.to_string()),
        ("country", now.country.clone()),
        ("receiving_agency", now.agency_id.map(|id| id.to_string()).unwrap_or_default()),
        ("legal_basis", basis.to_owned()),
        ("accepted", time(now.accepted_at)),
        ("departed", time(now.departed_at)),
        ("arrived", time(Some(now.clock))),
    ];
    lines.map(|(name, value)| format!("{name}: {value}\n")).concat()
}

/// Signs it. The second signature hands the child over. Errors: NOT_FOUND, STATE_REFUSED, or as `signed`; INVALID_FIELD for the hash of
/// something else, REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn sign(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    sha256: &str,
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let now = &standing.now;
        let Some((_, expected)) =
            now.certificate.as_ref().filter(|_| now.state == CrossBorderState::ArrivedConfirmed)
        else {
            return Err(refused(now.state));
        };
        if expected != sha256 {
            return Err(Refusal::invalid_field("sha256", "the SHA-256 of the certificate"));
        }
        let (own, other, event) = match side(caller) {
            CrossBorderSide::Receiving => (now.receiving_signed, now.sending_signed, "signed_by_receiving"),
            _ => (now.sending_signed, now.receiving_signed, "signed_by_sending"),
        };
        if own.is_some() {
            return Err(Refusal::state("certificate", "signed"));
        }
        if other.is_none() {
            return Ok(Step::to(event, now.state, Due::Keep));
        }
        let due = Due::At(standing.rules().first_visit_due(&now.country, now.clock));
        to(caller, now, (event, CrossBorderState::HandedOver, due))
    })
    .await
}
