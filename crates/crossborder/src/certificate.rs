//! What both sides sign: one document, of ids and times alone, by whose hash each says what they have signed.

use chrono::{DateTime, SecondsFormat, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::crossborder::{CrossBorderSide, CrossBorderState};
use helpline_domain::id::CentreId;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::crossborder::read::CrossBorder;
use helpline_store::crossborder::step::{Act, Due, Step};
use helpline_vault::PublicKey;

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
        ("receiving_key", now.receiving_key.clone().unwrap_or_default()),
        ("legal_basis", basis.to_owned()),
        ("accepted", time(now.accepted_at)),
        ("departed", time(now.departed_at)),
        ("arrived", time(Some(now.clock))),
    ];
    lines.map(|(name, value)| format!("{name}: {value}\n")).concat()
}

/// What somebody signs.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// By its hash.
    pub(crate) sha256: String,
    /// With a key; empty without.
    pub(crate) signature: String,
}

/// Signs it. The second signature hands the child over. Errors: NOT_FOUND, STATE_REFUSED, or as `signed`; INVALID_FIELD for the hash of
/// something else and a signature that is missing, not wanted or not of the key; REVISION_STALE, REQUEST_ID_REUSED.
pub(crate) async fn sign(
    ctx: &Ctx,
    caller: &Caller,
    asked: (&Command, &Act),
    said: &Signed,
) -> Result<CrossBorder, Refusal> {
    act(ctx, caller, asked, |standing| {
        let now = &standing.now;
        let Some((document, expected)) =
            now.certificate.as_ref().filter(|_| now.state == CrossBorderState::ArrivedConfirmed)
        else {
            return Err(refused(now.state));
        };
        if *expected != said.sha256 {
            return Err(Refusal::invalid_field("sha256", "the SHA-256 of the certificate"));
        }
        let (own, other, event) = match side(caller) {
            CrossBorderSide::Receiving => (now.receiving_signed, now.sending_signed, "signed_by_receiving"),
            _ => (now.sending_signed, now.receiving_signed, "signed_by_sending"),
        };
        if own.is_some() {
            return Err(Refusal::state("certificate", "signed"));
        }
        let signature = verified(now, side(caller), document, &said.signature)?;
        if other.is_none() {
            return Ok(Step { signature, ..Step::to(event, now.state, Due::Keep) });
        }
        let due = Due::At(standing.rules().first_visit_due(&now.country, now.clock));
        let step = to(caller, now, (event, CrossBorderState::HandedOver, due))?;
        Ok(Step { signature, ..step })
    })
    .await
}

/// What who receives the child has signed with the key that was known when they accepted. Nobody else signs with one.
fn verified(
    now: &CrossBorder,
    side: CrossBorderSide,
    document: &str,
    signature: &str,
) -> Result<Option<String>, Refusal> {
    let key = now.receiving_key.as_ref().filter(|_| side == CrossBorderSide::Receiving);
    let Some(key) = key else {
        let none = "empty: no key is known of who signs";
        return if signature.is_empty() { Ok(None) } else { Err(Refusal::invalid_field("signature", none)) };
    };
    if PublicKey::parse(key).is_ok_and(|key| key.verifies(document.as_bytes(), signature)) {
        return Ok(Some(signature.to_owned()));
    }
    Err(Refusal::invalid_field(
        "signature",
        "the Ed25519 signature of the document with the key that it names, base64",
    ))
}
