//! Commands about hand-overs across borders that can be carried out.

use helpline_domain::id::AgencyId;
use helpline_proto::crossborder::v1::{
    ApproveCrossBorderOverrideRequest, CloseCrossBorderHandoverRequest, CrossBorderOutcome,
    PlanCrossBorderTravelRequest, RecordCrossBorderConsentRequest, SignCrossBorderCertificateRequest,
    WithdrawCrossBorderConsentRequest,
};
use helpline_proto::escalation::v1::DisclosureGround;
use helpline_tests::crossborder::{
    accept, ahead, arrive, assess, check, close, consent, decline, depart, journey, lets_hand_over, offer,
    plan, prepare, report, sign, visit, withdraw,
};
use helpline_tests::{Actor, request_id, until};
use prost::Message as _;

use crate::cast::Cast;

/// A hand-over as far as a command needs it.
struct Way {
    by: Actor,
    agency: AgencyId,
    there: Actor,
}

impl Way {
    async fn new(cast: &Cast) -> Self {
        let agency = cast.world.agency().await;
        let there = cast.world.responder(agency).await;
        cast.world
            .change_settings(|settings| {
                settings.cross_border = None;
                lets_hand_over(settings, "JO", &[agency]);
            })
            .await;
        Self { by: cast.world.supervisor().await, agency, there }
    }

    /// Whoever prepares it is another than who gives the command.
    async fn prepared(&self, cast: &Cast) -> String {
        let by = &cast.supervisor;
        let opened = by.case_of_child().await;
        // Settings are known to a server for a moment after they have changed.
        let prepared = async || by.prepare_handover(prepare(&opened.case_id)).await.ok();
        let id = until("it is prepared by the new settings", prepared).await.crossborder_id;
        let agreed = async || by.agree_abroad(consent(&id, self.agency)).await.ok();
        until("who receives her is known", agreed).await;
        id
    }

    async fn offered(&self, cast: &Cast) -> String {
        let id = self.prepared(cast).await;
        cast.supervisor.check_handover(check(&id, false)).await.unwrap();
        cast.supervisor.offer_abroad(offer(&id)).await.unwrap().crossborder_id
    }

    async fn planned(&self, cast: &Cast) -> String {
        let id = self.offered(cast).await;
        self.there.assess_handover(assess(&id)).await.unwrap();
        self.there.accept_child(accept(&id)).await.unwrap();
        cast.supervisor.plan_travel(travelling(&id)).await.unwrap().crossborder_id
    }

    async fn arrived(&self, cast: &Cast) -> (String, String) {
        let id = self.planned(cast).await;
        cast.supervisor.child_departs(depart(&id)).await.unwrap();
        let arrived = self.there.child_arrives(arrive(&id)).await.unwrap();
        (id, arrived.certificate.unwrap().sha256)
    }

    async fn handed_over(&self, cast: &Cast) -> String {
        let (id, sha256) = self.arrived(cast).await;
        for side in [&cast.supervisor, &self.there] {
            let request = SignCrossBorderCertificateRequest { sha256: sha256.clone(), ..sign(&id) };
            side.sign_certificate(request).await.unwrap();
        }
        id
    }
}

fn travelling(id: &str) -> PlanCrossBorderTravelRequest {
    let travel = Some(journey(ahead(3600), ahead(7200)));
    PlanCrossBorderTravelRequest { travel, ..plan(id) }
}

/// Somebody who gives the command, and its bytes; `None` for commands about something else.
pub(super) async fn prepare_command(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let way = Way::new(cast).await;
    let by = way.by.clone();
    Some(match method {
        "PrepareCrossBorderHandover" => {
            way.prepared(cast).await;
            let opened = cast.supervisor.case_of_child().await;
            (by, prepare(&opened.case_id).encode_to_vec())
        }
        "RecordCrossBorderConsent" => (by, consent(&way.prepared(cast).await, way.agency).encode_to_vec()),
        "ApproveCrossBorderOverride" | "WithdrawCrossBorderConsent" => {
            let asked = RecordCrossBorderConsentRequest {
                consent_by: 0,
                ground: DisclosureGround::BestInterests.into(),
                ..consent(&way.prepared(cast).await, way.agency)
            };
            let consent_id = cast.supervisor.agree_abroad(asked).await.unwrap().consent_id;
            let request_id = request_id();
            if method == "ApproveCrossBorderOverride" {
                (by, ApproveCrossBorderOverrideRequest { request_id, consent_id }.encode_to_vec())
            } else {
                (by, WithdrawCrossBorderConsentRequest { request_id, consent_id }.encode_to_vec())
            }
        }
        "CheckCrossBorderTransfer" => (by, check(&way.prepared(cast).await, false).encode_to_vec()),
        "OfferCrossBorderHandover" => {
            let id = way.prepared(cast).await;
            cast.supervisor.check_handover(check(&id, false)).await.unwrap();
            (by, offer(&id).encode_to_vec())
        }
        "StartReceivingAssessment" => (way.there.clone(), assess(&way.offered(cast).await).encode_to_vec()),
        "AcceptCrossBorderHandover" => {
            let id = way.offered(cast).await;
            // Somebody else of the focal point.
            let colleague = cast.world.responder(way.agency).await;
            colleague.assess_handover(assess(&id)).await.unwrap();
            (way.there.clone(), accept(&id).encode_to_vec())
        }
        "DeclineCrossBorderHandover" => {
            (way.there.clone(), decline(&way.offered(cast).await).encode_to_vec())
        }
        "PlanCrossBorderTravel" => (by, travelling(&way.planned(cast).await).encode_to_vec()),
        "RecordCrossBorderDeparture" => (by, depart(&way.planned(cast).await).encode_to_vec()),
        "ConfirmCrossBorderArrival" => {
            let id = way.planned(cast).await;
            cast.supervisor.child_departs(depart(&id)).await.unwrap();
            (by, arrive(&id).encode_to_vec())
        }
        "SignCrossBorderCertificate" => {
            let (id, sha256) = way.arrived(cast).await;
            (by, SignCrossBorderCertificateRequest { sha256, ..sign(&id) }.encode_to_vec())
        }
        "RecordCrossBorderFirstVisit" => {
            let id = way.handed_over(cast).await;
            (cast.world.responder(way.agency).await, visit(&id).encode_to_vec())
        }
        "ReportCrossBorderMonitoring" => {
            let id = way.handed_over(cast).await;
            way.there.visit_child(visit(&id)).await.unwrap();
            (cast.world.responder(way.agency).await, report(&id).encode_to_vec())
        }
        "CloseCrossBorderHandover" => {
            let id = way.handed_over(cast).await;
            let outcome = CrossBorderOutcome::CameOfAge.into();
            (by, CloseCrossBorderHandoverRequest { outcome, ..close(&id) }.encode_to_vec())
        }
        "WithdrawCrossBorderHandover" => (by, withdraw(&way.prepared(cast).await).encode_to_vec()),
        _ => return None,
    })
}
