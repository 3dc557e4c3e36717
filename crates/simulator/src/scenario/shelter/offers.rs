//! Legal, medical and psychological help: one accepted, one declined, one forgotten.

use anyhow::Result;
use helpline_proto::casework::v1::Case;
use helpline_proto::directory::v1::AgencyKind;
use helpline_proto::intake::v1::Contact;
use helpline_proto::options::v1::FieldClass;
use helpline_proto::queueing::v1::AlertKind;
use helpline_proto::referral::v1::{Admission, ReferralParticulars};
use helpline_proto::shelter::v1::{
    AnswerServiceOfferRequest, GetServiceOffersRequest, ServiceOfferState, ServiceUnavailableReason,
};

use super::People;
use crate::scenario::cast::{does, so};
use crate::scenario::stage::{DAY, HOUR, Stage};

fn answer(
    stage: &Stage<'_>,
    stay: &Admission,
    service: &str,
    said: ServiceOfferState,
) -> AnswerServiceOfferRequest {
    AnswerServiceOfferRequest {
        request_id: stage.id(),
        admission_id: stay.admission_id.clone(),
        service: service.to_owned(),
        answer: said.into(),
        ..AnswerServiceOfferRequest::default()
    }
}

pub(super) async fn made(
    stage: &Stage<'_>,
    people: &People,
    (chat, of): (&Contact, &Case),
    stay: &Admission,
) -> Result<()> {
    let palm = &people.shelters[1].by;
    let request = GetServiceOffersRequest { admission_id: stay.admission_id.clone() };
    so!(does!(palm, shelters.get_service_offers, request).offers.len(), 3, "what she is offered");
    let lawyer = stage.agency("Legal aid", AgencyKind::Justice, &[FieldClass::Identity]).await?;
    let legal = stage.services("legal_aid", &people.nadia, &[(&lawyer, 0)]).await?.remove(0);
    let said =
        ReferralParticulars { identity: "Grace (made up)".to_owned(), ..ReferralParticulars::default() };
    let origin = (of.case_id.as_str(), chat.contact_id.as_str());
    let referral =
        stage.drafted(&people.huda, origin, ("legal_aid", &[&legal]), &[FieldClass::Identity], said).await?;
    stage.sent(&people.huda, &referral).await?;
    stage.taken_on(&lawyer, &referral).await?;
    let accepted = AnswerServiceOfferRequest {
        referral_id: referral.referral_id.clone(),
        ..answer(stage, stay, "legal", ServiceOfferState::Accepted)
    };
    does!(people.huda, shelters.answer_service_offer, accepted);
    let declined = answer(stage, stay, "psychological", ServiceOfferState::DeclinedByResident);
    does!(palm, shelters.answer_service_offer, declined);
    stage.tell(palm, "offers her a lawyer, whom she takes, and a psychologist, whom she does not want");
    stage.wait(3 * DAY + HOUR).await?;
    stage.alarm(AlertKind::ServiceOfferOverdue).await?;
    stage.tell_of("Helpline", "a doctor was not offered within three days: supervisors are told");
    let none = AnswerServiceOfferRequest {
        unavailable_reason: ServiceUnavailableReason::NoCapacity.into(),
        ..answer(stage, stay, "health", ServiceOfferState::Unavailable)
    };
    does!(palm, shelters.answer_service_offer, none);
    stage.served(&lawyer, &referral).await
}
