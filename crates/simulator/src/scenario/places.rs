//! Places of organisations, and referrals to them.

use anyhow::{Context as _, Result, anyhow};
use helpline_proto::directory::v1::{ServiceRules, UpdateServiceRequest};
use helpline_proto::escalation::v1::ConsentBy;
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{
    AcceptReferralRequest, DraftReferralRequest, GetReferralRequest, PlaceHoldRequest, RecordConsentRequest,
    RecordReferralOutcomeRequest, Referral, ReferralOutcome, ReferralParticulars, ReferralState,
    ReferralUrgency, ReportReferralProgressRequest, SendReferralRequest, SetCapacityRequest,
};

use super::cast::{Refusal, Who, does, given};
use super::stage::Stage;
use crate::referral::write_package;

/// What organisations have places in.
pub(crate) const UNIT: &str = "place";

/// A service of an organisation.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    /// Who answers for it.
    pub(crate) by: Who,
    /// Its id.
    pub(crate) service_id: String,
}

impl Stage<'_> {
    /// Services for a need, one of each of these organisations, with so many places.
    pub(crate) async fn services(
        &self,
        need: &str,
        supervisor: &Who,
        offered: &[(&Who, i32)],
    ) -> Result<Vec<Offered>> {
        self.offering(need, supervisor, offered, false).await
    }

    /// The same, of which nobody learns where they are and whether there is room who need not.
    pub(crate) async fn protected_services(
        &self,
        need: &str,
        supervisor: &Who,
        offered: &[(&Who, i32)],
    ) -> Result<Vec<Offered>> {
        self.offering(need, supervisor, offered, true).await
    }

    async fn offering(
        &self,
        need: &str,
        supervisor: &Who,
        offered: &[(&Who, i32)],
        protected_address: bool,
    ) -> Result<Vec<Offered>> {
        let ids: Vec<String> = offered.iter().map(|_| self.service_id()).collect();
        let named: Vec<_> =
            ids.iter().map(String::as_str).zip(offered.iter().map(|(by, _)| by.name())).collect();
        let file = self.directory().join(format!("{need}.json"));
        write_package(&file, &named, need)?;
        self.import(&file)?;
        let mut services = Vec::new();
        for (service_id, (by, places)) in ids.into_iter().zip(offered) {
            let request = UpdateServiceRequest {
                request_id: self.id(),
                service_id: service_id.clone(),
                agency_id: by.agency_id(),
                rules: Some(ServiceRules {
                    intake_at_any_hour: true,
                    protected_address,
                    ..ServiceRules::default()
                }),
                ..UpdateServiceRequest::default()
            };
            does!(self.administrator, services.update_service, request);
            let by = (*by).clone();
            let service = Offered { by, service_id };
            if *places > 0 {
                self.has_places(supervisor, &service, *places).await?;
            }
            services.push(service);
        }
        Ok(services)
    }

    /// How many places a service has.
    pub(crate) async fn has_places(&self, supervisor: &Who, service: &Offered, places: i32) -> Result<()> {
        let request = SetCapacityRequest {
            request_id: self.id(),
            service_id: service.service_id.clone(),
            unit: UNIT.to_owned(),
            maximum: places,
            out_of_service: 0,
        };
        does!(supervisor, capacity.set_capacity, request);
        Ok(())
    }

    /// A referral from a case and a contact of it, asking these one after another, that lets them know what these classes say.
    pub(crate) async fn drafted(
        &self,
        by: &Who,
        (case_id, contact_id): (&str, &str),
        (need, services): (&str, &[&Offered]),
        classes: &[FieldClass],
        particulars: ReferralParticulars,
    ) -> Result<Referral> {
        let field_classes: Vec<i32> = classes.iter().map(|&class| class.into()).collect();
        let request = DraftReferralRequest {
            request_id: self.id(),
            case_id: case_id.to_owned(),
            contact_id: contact_id.to_owned(),
            urgency: ReferralUrgency::Urgent.into(),
            need: need.to_owned(),
            service_ids: services.iter().map(|one| one.service_id.clone()).collect(),
            field_classes: field_classes.clone(),
            particulars: Some(particulars),
            ..DraftReferralRequest::default()
        };
        let referral = given!(does!(by, referrals.draft_referral, request), referral);
        for service in services {
            let request = RecordConsentRequest {
                request_id: self.id(),
                referral_id: referral.referral_id.clone(),
                agency_id: service.by.agency_id(),
                field_classes: field_classes.clone(),
                consent_by: ConsentBy::Child.into(),
                ..RecordConsentRequest::default()
            };
            does!(by, consents.record_consent, request);
        }
        Ok(referral)
    }

    /// A place is asked for with the first of these that has one, for a referral: the id of the service, or why there is none.
    pub(crate) async fn asks_to_keep(
        &self,
        by: &Who,
        referral: &Referral,
        services: &[&Offered],
    ) -> Result<String, Refusal> {
        let request = PlaceHoldRequest {
            request_id: self.id(),
            unit: UNIT.to_owned(),
            service_ids: services.iter().map(|one| one.service_id.clone()).collect(),
            count: 1,
            referral_id: referral.referral_id.clone(),
            ..PlaceHoldRequest::default()
        };
        let client = by.client();
        let answer = Box::pin(async { crate::call!(client.capacity(), place_hold, request) }).await?;
        Ok(answer.hold.unwrap_or_default().service_id)
    }

    /// A place is kept for a referral with the first of these that has one: the id of the service.
    pub(crate) async fn kept(&self, by: &Who, referral: &Referral, services: &[&Offered]) -> Result<String> {
        let kept = self.asks_to_keep(by, referral, services).await;
        kept.map_err(|why| anyhow!("{}: no place is kept: {why:?}", by.name()))
    }

    /// A referral is sent.
    pub(crate) async fn sent(&self, by: &Who, referral: &Referral) -> Result<Referral> {
        let request =
            SendReferralRequest { request_id: self.id(), referral_id: referral.referral_id.clone() };
        Ok(given!(does!(by, referrals.send_referral, request), referral))
    }

    /// Who is asked accepts and begins: the referral as it was accepted.
    pub(crate) async fn taken_on(&self, by: &Who, referral: &Referral) -> Result<Referral> {
        let request = AcceptReferralRequest {
            request_id: self.id(),
            referral_id: referral.referral_id.clone(),
            their_reference: "2026/118".to_owned(),
            ..AcceptReferralRequest::default()
        };
        let taken = given!(does!(by, referrals.accept_referral, request), referral);
        let request = ReportReferralProgressRequest {
            request_id: self.id(),
            referral_id: referral.referral_id.clone(),
            state: ReferralState::InProgress.into(),
            ..ReportReferralProgressRequest::default()
        };
        does!(by, referrals.report_referral_progress, request);
        Ok(taken)
    }

    /// Who has it on hand says that the child was served.
    pub(crate) async fn served(&self, by: &Who, referral: &Referral) -> Result<()> {
        let referral_id = referral.referral_id.clone();
        let request = RecordReferralOutcomeRequest {
            request_id: self.id(),
            referral_id,
            completed: true,
            outcome: ReferralOutcome::Served.into(),
            ..RecordReferralOutcomeRequest::default()
        };
        does!(by, referrals.record_referral_outcome, request);
        Ok(())
    }

    /// A referral as somebody sees it.
    pub(crate) async fn referral(&self, by: &Who, referral: &Referral) -> Result<Referral> {
        let request = GetReferralRequest { referral_id: referral.referral_id.clone() };
        let answer = does!(by, referrals.get_referral, request);
        answer.referral.context("an answer with the referral")
    }
}
