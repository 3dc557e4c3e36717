//! Papers are asked for at a consulate, until the child says of what they are afraid.

use anyhow::Result;
use helpline_proto::casework::v1::{
    AnswerConsulateOverrideRequest, AskConsulateOverrideRequest, ProtectionKind, RecordProtectionRequest,
};
use helpline_proto::escalation::v1::DisclosureGround;
use helpline_proto::options::v1::FieldClass;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{GetReferralRequest, ReferralParticulars, RevokeReferralRequest};

use super::{Alone, People};
use crate::scenario::cast::{does, given, is_refused, so};
use crate::scenario::stage::{DAY, Stage};

const NEED: &str = "travel_papers";

pub(super) async fn feared(stage: &Stage<'_>, people: &People, of: &Alone) -> Result<()> {
    let (by, consulate) = (&of.by, stage.embassy("Consulate", "AF", &[FieldClass::Identity]).await?);
    let service = stage.services(NEED, &people.nadia, &[(&consulate, 0)]).await?.remove(0);
    let said = ReferralParticulars { identity: "Made up".to_owned(), ..ReferralParticulars::default() };
    let origin = (of.case.case_id.as_str(), of.referral.contact_id.as_str());
    let referral = stage.drafted(by, origin, (NEED, &[&service]), &[FieldClass::Identity], said).await?;
    stage.sent(by, &referral).await?;
    stage.taken_on(&consulate, &referral).await?;
    stage.tell(&consulate, "is asked for papers, and reads who it is");

    let request = RecordProtectionRequest {
        request_id: stage.id(),
        case_id: of.case.case_id.clone(),
        kind: ProtectionKind::Fear.into(),
        country: "AF".to_owned(),
        remark: "Made up: what they fled from.".to_owned(),
    };
    does!(by, protections.record_protection, request);
    let read = GetReferralRequest { referral_id: referral.referral_id.clone() };
    so!(
        is_refused!(consulate, referrals.get_referral, read.clone()).reason,
        "NOT_FOUND",
        "what a feared mission reads"
    );
    stage.tell(
        by,
        "hears that the child is afraid of that country: from that moment the consulate reads nothing",
    );
    stage.alarm(AlertKind::MissionInCharge).await?;
    stage.tell_of("Helpline", "what the consulate had taken on it cannot do any more: supervisors are told");

    let request = AskConsulateOverrideRequest {
        request_id: stage.id(),
        case_id: of.case.case_id.clone(),
        agency_id: consulate.agency_id(),
        field_classes: vec![FieldClass::Identity.into()],
        ground: DisclosureGround::BestInterests.into(),
        lifetime: Some(prost_types::Duration { seconds: DAY, nanos: 0 }),
        reason: "The papers are urgent.".to_owned(),
    };
    let asked = does!(by, protections.ask_consulate_override, request);
    let answer = |approve| AnswerConsulateOverrideRequest {
        request_id: stage.id(),
        override_id: asked.r#override.as_ref().map(|one| one.override_id.clone()).unwrap_or_default(),
        approve,
        remark: String::new(),
    };
    so!(
        is_refused!(by, protections.answer_consulate_override, answer(true)).reason,
        "ROLE_REFUSED",
        "nobody approves their own"
    );
    does!(people.nadia, protections.answer_consulate_override, answer(false));
    so!(
        is_refused!(consulate, referrals.get_referral, read).reason,
        "NOT_FOUND",
        "what a feared mission reads"
    );
    let request = RevokeReferralRequest {
        request_id: stage.id(),
        referral_id: referral.referral_id,
        reason: "safety".to_owned(),
        ..RevokeReferralRequest::default()
    };
    given!(does!(by, referrals.revoke_referral, request), referral);
    stage.tell(
        &people.nadia,
        "is asked to let the consulate know all the same, and says no: it is taken back",
    );
    Ok(())
}
