//! A counsellor refers a child while they talk: searches, asks, waits for what came of it.

use anyhow::{Context as _, Result};
use helpline_proto::directory::v1::SearchServicesRequest;
use helpline_proto::escalation::v1::ConsentBy;
use helpline_proto::intake::v1::{Contact, Gender};
use helpline_proto::referral::v1::{
    DraftReferralRequest, GetReferralRequest, RecordConsentRequest, Referral, ReferralParticulars,
    ReferralState, ReferralUrgency, SendReferralRequest,
};

use super::{NEED, granted};
use crate::call;
use crate::client::Client;
use crate::draws::Draws;
use crate::scene::Scene;

/// How often the counsellor looks how it stands, in seconds of the helpline's time, and at least so many real ones.
const LOOK: f64 = 10.0;
const LEAST_LOOK: f64 = 0.25;

/// Refers the child of a contact and waits until it is over; false when the play ended before.
pub(crate) async fn of(scene: &Scene, client: &Client, contact: &Contact, mut draws: Draws) -> bool {
    let Ok(referral) = draft(scene, client, contact, &mut draws).await else {
        scene.tell(&contact.contact_id, contact.channel(), "the child could not be referred");
        return !scene.is_over();
    };
    scene.note_referred();
    let went_on = if ask(client, &referral, &mut draws).await.is_ok() {
        until_over(scene, client, &referral.referral_id).await
    } else {
        scene.tell_of_referral(referral.number, "it could not be sent");
        !scene.is_over()
    };
    scene.note_referral_ended();
    went_on
}

/// Finds shelters that fit, and writes the referral down.
async fn draft(scene: &Scene, client: &Client, contact: &Contact, draws: &mut Draws) -> Result<Referral> {
    let search = SearchServicesRequest {
        terms: vec![NEED.to_owned()],
        age: Some(14),
        gender: Gender::Female.into(),
        languages: vec![contact.language.clone()],
        open_now: true,
        ..SearchServicesRequest::default()
    };
    let found = call!(client.services(), search_services, search).context("search")?;
    let services = found.services.iter().filter(|one| one.fits).filter_map(|one| one.service.as_ref());
    let service_ids: Vec<String> = services.map(|service| service.service_id.clone()).collect();
    let draft = DraftReferralRequest {
        request_id: draws.id(),
        contact_id: contact.contact_id.clone(),
        urgency: ReferralUrgency::Urgent.into(),
        need: NEED.to_owned(),
        service_ids,
        field_classes: granted(),
        particulars: Some(ReferralParticulars {
            narrative: "Made up for the demonstration: she needs a bed for the night.".to_owned(),
            ..ReferralParticulars::default()
        }),
        ..DraftReferralRequest::default()
    };
    let referral = call!(client.referrals(), draft_referral, draft).context("draft")?.referral;
    let referral = referral.context("an answer with the referral")?;
    let fitting = found.fitting_count;
    scene.tell_of_referral(referral.number, format!("a bed is looked for: {fitting} shelters fit"));
    Ok(referral)
}

/// Writes down what she agrees to, and sends the referral. Where the address is protected the shelter keeps the bed itself.
async fn ask(client: &Client, referral: &Referral, draws: &mut Draws) -> Result<()> {
    for choice in &referral.choices {
        let consent = RecordConsentRequest {
            request_id: draws.id(),
            referral_id: referral.referral_id.clone(),
            agency_id: choice.agency_id.clone(),
            field_classes: granted(),
            consent_by: ConsentBy::Child.into(),
            ..RecordConsentRequest::default()
        };
        call!(client.consents(), record_consent, consent).context("record what she agrees to")?;
    }
    let send = SendReferralRequest { request_id: draws.id(), referral_id: referral.referral_id.clone() };
    call!(client.referrals(), send_referral, send).context("send")?;
    Ok(())
}

async fn until_over(scene: &Scene, client: &Client, referral_id: &str) -> bool {
    use ReferralState::{Completed, Expired, Failed, Rejected, Revoked};
    let pause = LOOK.max(LEAST_LOOK * scene.speed.factor());
    while scene.pause(pause).await {
        let request = GetReferralRequest { referral_id: referral_id.to_owned() };
        let found = call!(client.referrals(), get_referral, request);
        let state = found.ok().and_then(|answer| answer.referral).map(|referral| referral.state());
        if matches!(state, Some(Completed | Failed | Rejected | Expired | Revoked)) {
            return true;
        }
    }
    false
}
