//! Well-formed requests about referrals, consent and capacity.

use helpline_proto::escalation::v1::{ConsentBy, DisclosureGround};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{
    AcceptReferralRequest, AddReferralRemarkRequest, AnswerCancelReferralRequest, AppointmentState,
    ApproveConsentOverrideRequest, AskConsentOverrideRequest, AskToCancelReferralRequest, Assent,
    ConfirmHoldRequest, DraftReferralRequest, GetOccupancyRequest, GetReferralRequest, ListCapacitiesRequest,
    ListConsentsRequest, ListHoldsRequest, ListReferralTimelineRequest, ListReferralsRequest,
    MarkReferralEnteredInErrorRequest, PlaceHoldRequest, RecordAppointmentRequest, RecordConsentRequest,
    RecordReferralOutcomeRequest, ReferralOutcome, ReferralState, RejectReason, RejectReferralRequest,
    ReleaseHoldRequest, ReportReferralProgressRequest, ReviseReferralDraftRequest, RevokeReferralRequest,
    ScheduleAppointmentRequest, SendReferralRequest, SetCapacityRequest, VacateHoldRequest,
    WatchReferralsRequest, WithdrawConsentRequest,
};
use helpline_tests::referral::revised;
use prost::Message as _;
use prost_types::Timestamp;

use super::{id, seconds};

/// The bytes of a well-formed request, if the method is about these.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    step(method).or_else(|| look(method)).or_else(|| consent(method)).or_else(|| capacity(method))
}

fn step(method: &str) -> Option<Vec<u8>> {
    let remark = "He is shy.".to_owned();
    let (request_id, referral_id) = (id(), id());
    Some(match method {
        "DraftReferral" => {
            let draft = helpline_tests::referral::draft(&id(), &[&id(), &id()]);
            DraftReferralRequest {
                open_offer: true,
                answer_within: Some(seconds(3600)),
                part_of_id: id(),
                unit: "bed".to_owned(),
                ..draft
            }
            .encode_to_vec()
        }
        "ReviseReferralDraft" => {
            let draft = helpline_tests::referral::draft(&id(), &[&id(), &id()]);
            ReviseReferralDraftRequest {
                expected_revision: 3,
                answer_within: Some(seconds(3600)),
                unit: "bed".to_owned(),
                ..revised(&referral_id, draft)
            }
            .encode_to_vec()
        }
        "SendReferral" => SendReferralRequest { request_id, referral_id }.encode_to_vec(),
        "AcceptReferral" => {
            let their_reference = "B-17".to_owned();
            AcceptReferralRequest {
                request_id,
                referral_id,
                their_reference,
                remark,
                service_id: id(),
                expected_revision: 0,
            }
            .encode_to_vec()
        }
        "RejectReferral" => {
            let reason = RejectReason::OutOfArea.into();
            RejectReferralRequest {
                request_id,
                referral_id,
                reason,
                remark,
                service_id: id(),
                expected_revision: 0,
            }
            .encode_to_vec()
        }
        "ReportReferralProgress" => ReportReferralProgressRequest {
            request_id,
            referral_id,
            state: ReferralState::OnHold.into(),
            reason: "waiting_list".to_owned(),
            remark,
            expected_revision: 0,
        }
        .encode_to_vec(),
        "RecordReferralOutcome" => RecordReferralOutcomeRequest {
            request_id,
            referral_id,
            completed: true,
            outcome: ReferralOutcome::Served.into(),
            remark,
            expected_revision: 0,
        }
        .encode_to_vec(),
        "ScheduleAppointment" => ScheduleAppointmentRequest {
            request_id,
            referral_id,
            appointment_time: Some(Timestamp { seconds: 4_000_000_000, nanos: 0 }),
            remark,
            expected_revision: 0,
        }
        .encode_to_vec(),
        "RecordAppointment" => {
            let state = AppointmentState::Unattended.into();
            RecordAppointmentRequest { request_id, referral_id, state, remark, expected_revision: 0 }
                .encode_to_vec()
        }
        "AskToCancelReferral" => {
            let reason = "no_longer_needed".to_owned();
            AskToCancelReferralRequest { request_id, referral_id, reason, remark, expected_revision: 0 }
                .encode_to_vec()
        }
        "AnswerCancelReferral" => {
            AnswerCancelReferralRequest { request_id, referral_id, agree: true, remark, expected_revision: 0 }
                .encode_to_vec()
        }
        "RevokeReferral" => {
            let reason = "safety".to_owned();
            RevokeReferralRequest { request_id, referral_id, reason, remark }.encode_to_vec()
        }
        "MarkReferralEnteredInError" => {
            MarkReferralEnteredInErrorRequest { request_id, referral_id, remark }.encode_to_vec()
        }
        "AddReferralRemark" => {
            AddReferralRemarkRequest { request_id, referral_id, remark, question: true, shared: true }
                .encode_to_vec()
        }
        _ => return None,
    })
}

fn look(method: &str) -> Option<Vec<u8>> {
    Some(match method {
        "GetReferral" => GetReferralRequest { referral_id: id() }.encode_to_vec(),
        "ListReferrals" => ListReferralsRequest {
            page_size: 5,
            open: true,
            unmet: true,
            contact_id: id(),
            ..ListReferralsRequest::default()
        }
        .encode_to_vec(),
        "ListReferralTimeline" => ListReferralTimelineRequest {
            referral_id: id(),
            page_size: 5,
            ..ListReferralTimelineRequest::default()
        }
        .encode_to_vec(),
        "WatchReferrals" => WatchReferralsRequest {}.encode_to_vec(),
        _ => return None,
    })
}

fn consent(method: &str) -> Option<Vec<u8>> {
    let (request_id, referral_id, consent_id) = (id(), id(), id());
    let classes = || vec![i32::from(FieldClass::Identity), FieldClass::Health.into()];
    Some(match method {
        "RecordConsent" => RecordConsentRequest {
            request_id,
            referral_id,
            agency_id: id(),
            field_classes: classes(),
            withheld: vec![FieldClass::Legal.into()],
            consent_by: ConsentBy::Guardian.into(),
            assent: Assent::Given.into(),
            lifetime: Some(seconds(3600)),
        }
        .encode_to_vec(),
        "AskConsentOverride" => AskConsentOverrideRequest {
            request_id,
            referral_id,
            agency_id: id(),
            field_classes: classes(),
            ground: DisclosureGround::BestInterests.into(),
            lifetime: Some(seconds(3600)),
        }
        .encode_to_vec(),
        "ApproveConsentOverride" => ApproveConsentOverrideRequest { request_id, consent_id }.encode_to_vec(),
        "WithdrawConsent" => WithdrawConsentRequest { request_id, consent_id }.encode_to_vec(),
        "ListConsents" => ListConsentsRequest { referral_id, page_size: 5, ..ListConsentsRequest::default() }
            .encode_to_vec(),
        _ => return None,
    })
}

fn capacity(method: &str) -> Option<Vec<u8>> {
    let (request_id, hold_id, unit) = (id(), id(), "bed".to_owned());
    Some(match method {
        "SetCapacity" => {
            SetCapacityRequest { request_id, service_id: id(), unit, maximum: 5, out_of_service: 1 }
                .encode_to_vec()
        }
        "PlaceHold" => PlaceHoldRequest {
            request_id,
            unit,
            service_ids: vec![id(), id()],
            count: 1,
            lifetime: Some(seconds(600)),
            referral_id: id(),
        }
        .encode_to_vec(),
        "ConfirmHold" => ConfirmHoldRequest { request_id, hold_id }.encode_to_vec(),
        "ReleaseHold" => ReleaseHoldRequest { request_id, hold_id }.encode_to_vec(),
        "VacateHold" => VacateHoldRequest { request_id, hold_id }.encode_to_vec(),
        "ListCapacities" => {
            ListCapacitiesRequest { page_size: 5, ..ListCapacitiesRequest::default() }.encode_to_vec()
        }
        "GetOccupancy" => GetOccupancyRequest {
            service_id: id(),
            unit: "bed".to_owned(),
            first_date: "2026-01-30".to_owned(),
            last_date: "2026-02-02".to_owned(),
        }
        .encode_to_vec(),
        "ListHolds" => ListHoldsRequest { page_size: 5, ..ListHoldsRequest::default() }.encode_to_vec(),
        _ => return None,
    })
}
