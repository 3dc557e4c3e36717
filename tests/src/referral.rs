//! Services, and referrals to them.

use helpline_domain::caller::Role;
use helpline_domain::id::{AgencyId, CentreId, ServiceId};
use helpline_proto::directory::v1::{ServiceRules, UpdateServiceRequest};
use helpline_proto::escalation::v1::ConsentBy;
use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{
    AcceptReferralRequest, DraftReferralRequest, RecordConsentRequest, Referral, ReferralParticulars,
    ReferralUrgency, ReviseReferralDraftRequest, SendReferralRequest,
};
use tonic::Status;

use crate::{Actor, World, request_id};

/// What an agency may be told of a child by class, and what a draft of a test says of each.
pub const SAID: [(FieldClass, &str); 7] = [
    (FieldClass::Identity, "Samir, eleven"),
    (FieldClass::Contact, "his aunt's telephone, after six"),
    (FieldClass::Location, "with his aunt"),
    (FieldClass::Narrative, "He does not sleep since they came."),
    (FieldClass::Health, "asthma"),
    (FieldClass::Legal, "no papers"),
    (FieldClass::Perpetrator, "a smuggler"),
];

/// Every class that a draft of a test says something of.
pub fn every_class() -> Vec<i32> {
    SAID.iter().map(|(class, _)| i32::from(*class)).collect()
}

/// A draft from a contact that asks these services in this order, and grants everything.
pub fn draft(contact_id: &str, services: &[&str]) -> DraftReferralRequest {
    let [identity, contact, location, narrative, health, legal, perpetrator] =
        SAID.map(|(_, text)| text.to_owned());
    DraftReferralRequest {
        request_id: request_id(),
        contact_id: contact_id.to_owned(),
        urgency: ReferralUrgency::Routine.into(),
        need: "counselling".to_owned(),
        service_ids: services.iter().map(|&id| id.to_owned()).collect(),
        field_classes: every_class(),
        particulars: Some(ReferralParticulars {
            identity,
            contact,
            location,
            narrative,
            health,
            legal,
            perpetrator,
        }),
        ..DraftReferralRequest::default()
    }
}

/// A draft as it is to be from now on.
pub fn revised(referral_id: &str, draft: DraftReferralRequest) -> ReviseReferralDraftRequest {
    ReviseReferralDraftRequest {
        request_id: request_id(),
        referral_id: referral_id.to_owned(),
        urgency: draft.urgency,
        service_ids: draft.service_ids,
        open_offer: draft.open_offer,
        field_classes: draft.field_classes,
        particulars: draft.particulars,
        answer_within: draft.answer_within,
        open_to_any: draft.open_to_any,
        unit: draft.unit,
        expected_revision: 0,
    }
}

/// The child agrees that an agency knows everything.
pub fn consent(referral: &Referral, agency: AgencyId) -> RecordConsentRequest {
    RecordConsentRequest {
        request_id: request_id(),
        referral_id: referral.referral_id.clone(),
        agency_id: agency.to_string(),
        field_classes: every_class(),
        consent_by: ConsentBy::Child.into(),
        ..RecordConsentRequest::default()
    }
}

impl Actor {
    /// Drafts a referral.
    ///
    /// # Errors
    /// What was refused.
    pub async fn draft_referral(&self, draft: DraftReferralRequest) -> Result<Referral, Status> {
        let answer = self.referrals().draft_referral(draft).await?.into_inner();
        Ok(answer.referral.expect("the referral"))
    }

    /// Changes a draft.
    ///
    /// # Errors
    /// What was refused.
    pub async fn revise_referral_draft(&self, of: ReviseReferralDraftRequest) -> Result<Referral, Status> {
        let answer = self.referrals().revise_referral_draft(of).await?.into_inner();
        Ok(answer.referral.expect("the referral"))
    }

    /// Sends a referral.
    ///
    /// # Errors
    /// What was refused.
    pub async fn send_referral(&self, referral: &Referral) -> Result<Referral, Status> {
        let request =
            SendReferralRequest { request_id: request_id(), referral_id: referral.referral_id.clone() };
        Ok(self.referrals().send_referral(request).await?.into_inner().referral.expect("the referral"))
    }

    /// Drafts a referral, records that the child agrees to everything for each agency, and sends it.
    pub async fn refer(&self, new: DraftReferralRequest) -> Referral {
        let referral = self.draft_referral(new).await.expect("a draft");
        let mut asked: Vec<&str> = referral.choices.iter().map(|choice| choice.agency_id.as_str()).collect();
        asked.sort_unstable();
        asked.dedup();
        for agency in asked {
            let agree = consent(&referral, agency.parse().expect("its id"));
            self.consents().record_consent(agree).await.expect("consent");
        }
        self.send_referral(&referral).await.expect("the referral is sent")
    }

    /// Accepts a referral.
    ///
    /// # Errors
    /// What was refused.
    pub async fn accept_referral(&self, referral: &Referral) -> Result<Referral, Status> {
        let request = AcceptReferralRequest {
            request_id: request_id(),
            referral_id: referral.referral_id.clone(),
            their_reference: "B-17".to_owned(),
            ..AcceptReferralRequest::default()
        };
        Ok(self.referrals().accept_referral(request).await?.into_inner().referral.expect("the referral"))
    }
}

impl World {
    /// A new service that an agency answers for; its id.
    pub async fn service(&self, agency: AgencyId) -> String {
        self.service_in(self.centre.id, agency).await
    }

    /// The same in any centre.
    pub async fn service_in(&self, centre: CentreId, agency: AgencyId) -> String {
        let service_id = self.service_of(centre).await;
        self.answered_by(centre, service_id, agency).await
    }

    /// An agency answers for a service from now on; the service's id.
    pub async fn answered_by(&self, centre: CentreId, service: ServiceId, agency: AgencyId) -> String {
        let service_id = service.to_string();
        self.keep_service(centre, (&service_id, agency), ServiceRules::default()).await;
        service_id
    }

    /// An agency answers for a service with a protected address from now on.
    pub async fn protect(&self, service_id: &str, agency: AgencyId) {
        let rules = ServiceRules { protected_address: true, ..ServiceRules::default() };
        self.keep_service(self.centre.id, (service_id, agency), rules).await;
    }

    async fn keep_service(&self, centre: CentreId, (id, agency): (&str, AgencyId), rules: ServiceRules) {
        let request = UpdateServiceRequest {
            request_id: request_id(),
            service_id: id.to_owned(),
            agency_id: agency.to_string(),
            rules: Some(rules),
            ..UpdateServiceRequest::default()
        };
        let administrator = self.bearer(centre, Role::Administrator, None).await;
        administrator.services().update_service(request).await.expect("the agency answers for it");
    }
}
