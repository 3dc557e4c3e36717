//! Commands about referrals, consent and capacity that can be carried out.

use helpline_domain::id::AgencyId;
use helpline_proto::escalation::v1::{ConsentBy, DisclosureGround};
use helpline_proto::referral::v1::{
    AcceptReferralRequest, AddReferralRemarkRequest, AnswerCancelReferralRequest, AppointmentState,
    ApproveConsentOverrideRequest, AskConsentOverrideRequest, AskToCancelReferralRequest, Assent,
    ConfirmHoldRequest, MarkReferralEnteredInErrorRequest, PlaceHoldRequest, RecordAppointmentRequest,
    RecordConsentRequest, RecordReferralOutcomeRequest, Referral, ReferralOutcome, ReferralState,
    RejectReason, RejectReferralRequest, ReleaseHoldRequest, ReportReferralProgressRequest,
    RevokeReferralRequest, ScheduleAppointmentRequest, SendReferralRequest, SetCapacityRequest,
    VacateHoldRequest, WithdrawConsentRequest,
};
use helpline_tests::referral::{consent, draft, every_class, revised};
use helpline_tests::{Actor, World, request_id};
use prost::Message as _;

use crate::cast::Cast;
use crate::stage::{new_language, receive};

/// A supervisor, an agency with a responder and a service.
pub(super) struct Scene<'a> {
    pub(super) cast: &'a Cast,
    pub(super) by: Actor,
    pub(super) agency: AgencyId,
    responder: Actor,
    pub(super) service: String,
}

impl<'a> Scene<'a> {
    async fn set(cast: &'a Cast) -> Self {
        let world = &cast.world;
        let agency = world.agency().await;
        let (by, responder) = (world.supervisor().await, world.responder(agency).await);
        Self { cast, by, agency, responder, service: world.service(agency).await }
    }

    async fn drafted(&self) -> Referral {
        let contact_id = receive(&self.cast.adapter, &new_language()).await.contact_id;
        self.cast.supervisor.draft_referral(draft(&contact_id, &[&self.service])).await.unwrap()
    }

    async fn sent(&self) -> Referral {
        let contact_id = receive(&self.cast.adapter, &new_language()).await.contact_id;
        self.cast.supervisor.refer(draft(&contact_id, &[&self.service])).await
    }

    pub(super) async fn accepted(&self) -> Referral {
        self.responder.accept_referral(&self.sent().await).await.unwrap()
    }

    async fn served(&self) -> String {
        let referral_id = self.accepted().await.referral_id;
        let report = ReportReferralProgressRequest {
            request_id: request_id(),
            referral_id: referral_id.clone(),
            state: ReferralState::InProgress.into(),
            ..ReportReferralProgressRequest::default()
        };
        self.responder.referrals().report_referral_progress(report).await.unwrap();
        referral_id
    }

    async fn appointed(&self) -> String {
        let referral_id = self.accepted().await.referral_id;
        let appoint = appointment(&self.cast.world, request_id(), referral_id.clone());
        self.responder.referrals().schedule_appointment(appoint).await.unwrap();
        referral_id
    }

    async fn override_asked(&self) -> String {
        let ask = self.ask_override(request_id(), self.drafted().await.referral_id);
        let answer = self.cast.supervisor.consents().ask_consent_override(ask).await.unwrap().into_inner();
        answer.consent.unwrap().consent_id
    }

    fn ask_override(&self, request_id: String, referral_id: String) -> AskConsentOverrideRequest {
        AskConsentOverrideRequest {
            request_id,
            referral_id,
            agency_id: self.agency.to_string(),
            field_classes: every_class(),
            ground: DisclosureGround::LegalDuty.into(),
            lifetime: None,
        }
    }

    async fn held(&self, confirmed: bool) -> String {
        let set = beds(request_id(), self.service.clone());
        self.by.capacity().set_capacity(set).await.unwrap();
        let place = place(request_id(), self.service.clone());
        let hold = self.cast.supervisor.capacity().place_hold(place).await.unwrap().into_inner().hold;
        let hold_id = hold.unwrap().hold_id;
        if confirmed {
            let confirm = ConfirmHoldRequest { request_id: request_id(), hold_id: hold_id.clone() };
            self.cast.supervisor.capacity().confirm_hold(confirm).await.unwrap();
        }
        hold_id
    }
}

fn appointment(world: &World, request_id: String, referral_id: String) -> ScheduleAppointmentRequest {
    let appointment_time = Some(world.soon());
    ScheduleAppointmentRequest {
        request_id,
        referral_id,
        appointment_time,
        remark: String::new(),
        expected_revision: 0,
    }
}

pub(super) fn beds(request_id: String, service_id: String) -> SetCapacityRequest {
    SetCapacityRequest { request_id, service_id, unit: "bed".to_owned(), maximum: 9, out_of_service: 1 }
}

fn place(request_id: String, service: String) -> PlaceHoldRequest {
    PlaceHoldRequest {
        request_id,
        unit: "bed".to_owned(),
        service_ids: vec![service],
        count: 1,
        ..PlaceHoldRequest::default()
    }
}

/// Somebody who may give the command, and its bytes, if the method is about these.
pub(super) async fn prepare(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let known = helpline_proto::METHODS
        .iter()
        .any(|one| one.name == method && one.service.starts_with("helpline.referral."));
    // How long a stay may last is said beside cases.
    if !known && method != "ExtendStay" {
        return None;
    }
    let scene = Scene::set(cast).await;
    let (of_centre, of_agency) = (scene.by.clone(), scene.responder.clone());
    let request_id = request_id();
    let remark = String::new();
    Some(match method {
        "DraftReferral" => {
            let contact_id = receive(&cast.adapter, &new_language()).await.contact_id;
            (of_centre, draft(&contact_id, &[&scene.service]).encode_to_vec())
        }
        "ReviseReferralDraft" => {
            let referral = scene.drafted().await;
            let by = draft(&referral.contact_id, &[&scene.service]);
            (of_centre, revised(&referral.referral_id, by).encode_to_vec())
        }
        "SendReferral" => {
            let referral = scene.drafted().await;
            of_centre.consents().record_consent(consent(&referral, scene.agency)).await.unwrap();
            // Somebody else sends it: what was agreed is the other's doing.
            let by = cast.world.supervisor().await;
            (by, SendReferralRequest { request_id, referral_id: referral.referral_id }.encode_to_vec())
        }
        "AcceptReferral" => {
            let referral_id = scene.sent().await.referral_id;
            let their_reference = "B-17".to_owned();
            let accept = AcceptReferralRequest {
                request_id,
                referral_id,
                their_reference,
                remark,
                service_id: String::new(),
                expected_revision: 0,
            };
            (of_agency, accept.encode_to_vec())
        }
        "RejectReferral" => {
            let (referral_id, reason) = (scene.sent().await.referral_id, RejectReason::AtCapacity.into());
            let reject = RejectReferralRequest {
                request_id,
                referral_id,
                reason,
                remark,
                ..RejectReferralRequest::default()
            };
            (of_agency, reject.encode_to_vec())
        }
        "ReportReferralProgress" => {
            let (referral_id, state) = (scene.accepted().await.referral_id, ReferralState::InProgress.into());
            let reason = String::new();
            let report = ReportReferralProgressRequest {
                request_id,
                referral_id,
                state,
                reason,
                remark,
                expected_revision: 0,
            };
            (of_agency, report.encode_to_vec())
        }
        "RecordReferralOutcome" => {
            let (referral_id, outcome) = (scene.served().await, ReferralOutcome::Served.into());
            let record = RecordReferralOutcomeRequest {
                request_id,
                referral_id,
                completed: true,
                outcome,
                remark,
                expected_revision: 0,
            };
            (of_agency, record.encode_to_vec())
        }
        "ScheduleAppointment" => {
            let referral_id = scene.accepted().await.referral_id;
            (of_agency, appointment(&cast.world, request_id, referral_id).encode_to_vec())
        }
        "RecordAppointment" => {
            let (referral_id, state) = (scene.appointed().await, AppointmentState::Unattended.into());
            let record =
                RecordAppointmentRequest { request_id, referral_id, state, remark, expected_revision: 0 };
            (of_agency, record.encode_to_vec())
        }
        "AskToCancelReferral" => {
            let (referral_id, reason) = (scene.accepted().await.referral_id, "no_longer_needed".to_owned());
            let ask =
                AskToCancelReferralRequest { request_id, referral_id, reason, remark, expected_revision: 0 };
            (of_centre, ask.encode_to_vec())
        }
        "AnswerCancelReferral" => {
            let referral_id = scene.accepted().await.referral_id;
            let ask = AskToCancelReferralRequest {
                request_id: helpline_tests::request_id(),
                referral_id: referral_id.clone(),
                reason: "no_longer_needed".to_owned(),
                remark: String::new(),
                expected_revision: 0,
            };
            of_centre.referrals().ask_to_cancel_referral(ask).await.unwrap();
            let answer = AnswerCancelReferralRequest {
                request_id,
                referral_id,
                agree: true,
                remark,
                expected_revision: 0,
            };
            // The one who accepted has an entry of the journal already.
            (cast.world.responder(scene.agency).await, answer.encode_to_vec())
        }
        "RevokeReferral" => {
            let (referral_id, reason) = (scene.accepted().await.referral_id, "safety".to_owned());
            (of_centre, RevokeReferralRequest { request_id, referral_id, reason, remark }.encode_to_vec())
        }
        "MarkReferralEnteredInError" => {
            let referral_id = scene.sent().await.referral_id;
            let mark = MarkReferralEnteredInErrorRequest { request_id, referral_id, remark };
            (of_centre, mark.encode_to_vec())
        }
        "AddReferralRemark" => {
            let (referral_id, remark) = (scene.sent().await.referral_id, "Is he alone?".to_owned());
            let add =
                AddReferralRemarkRequest { request_id, referral_id, remark, question: true, shared: false };
            (of_agency, add.encode_to_vec())
        }
        other => return agreed_or_held(&scene, other, request_id).await,
    })
}

async fn agreed_or_held(scene: &Scene<'_>, method: &str, request_id: String) -> Option<(Actor, Vec<u8>)> {
    let (of_centre, of_agency) = (scene.by.clone(), scene.responder.clone());
    Some(match method {
        "RecordConsent" => {
            let agree = RecordConsentRequest {
                consent_by: ConsentBy::Guardian.into(),
                assent: Assent::Given.into(),
                ..consent(&scene.drafted().await, scene.agency)
            };
            (of_centre, agree.encode_to_vec())
        }
        "AskConsentOverride" => {
            let ask = scene.ask_override(request_id, scene.drafted().await.referral_id);
            (of_centre, ask.encode_to_vec())
        }
        "ApproveConsentOverride" => {
            let consent_id = scene.override_asked().await;
            (of_centre, ApproveConsentOverrideRequest { request_id, consent_id }.encode_to_vec())
        }
        "WithdrawConsent" => {
            let consent_id = scene.override_asked().await;
            (of_centre, WithdrawConsentRequest { request_id, consent_id }.encode_to_vec())
        }
        "SetCapacity" => (of_agency, beds(request_id, scene.service.clone()).encode_to_vec()),
        "PlaceHold" => {
            scene.held(false).await;
            (scene.cast.world.supervisor().await, place(request_id, scene.service.clone()).encode_to_vec())
        }
        "ConfirmHold" => {
            let hold_id = scene.held(false).await;
            (of_agency, ConfirmHoldRequest { request_id, hold_id }.encode_to_vec())
        }
        "ReleaseHold" => {
            let hold_id = scene.held(false).await;
            (of_agency, ReleaseHoldRequest { request_id, hold_id }.encode_to_vec())
        }
        "VacateHold" => {
            let hold_id = scene.held(true).await;
            (of_agency, VacateHoldRequest { request_id, hold_id }.encode_to_vec())
        }
        other => return super::stays::prepare(scene, other).await,
    })
}
