//! Every class of field, for an agency that was granted it alone, in every answer that an agency gets.

use helpline_proto::options::v1::FieldClass;
use helpline_proto::referral::v1::{
    GetReferralRequest, ListReferralsRequest, RecordConsentRequest, Referral,
};
use helpline_tests::Actor;
use helpline_tests::referral::{SAID, consent};
use prost::Message;

use super::room::{Partner, Watcher, to};
use crate::stage::Stage;

/// What of the child an answer says.
fn told(answer: &impl Message) -> Vec<FieldClass> {
    let bytes = answer.encode_to_vec();
    let says = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    SAID.iter().filter(|(_, text)| says(text)).map(|(class, _)| *class).collect()
}

async fn of(actor: &Actor, referral: &Referral) -> (Vec<FieldClass>, Vec<FieldClass>) {
    let get = GetReferralRequest { referral_id: referral.referral_id.clone() };
    let got = actor.referrals().get_referral(get).await.unwrap().into_inner();
    let listed =
        actor.referrals().list_referrals(ListReferralsRequest::default()).await.unwrap().into_inner();
    (told(&got), told(&listed))
}

#[tokio::test]
async fn an_agency_reads_the_class_it_was_granted_and_no_other() {
    let stage = Stage::set().await;
    for (class, _) in SAID {
        let partner = Partner::new(&stage).await;
        let referral = stage.supervisor.draft_referral(to(&stage, &[&partner]).await).await.unwrap();
        let agree =
            RecordConsentRequest { field_classes: vec![class.into()], ..consent(&referral, partner.agency) };
        stage.supervisor.consents().record_consent(agree).await.unwrap();
        let mut desk = Watcher::open(&partner.responder).await;
        stage.supervisor.send_referral(&referral).await.unwrap();
        assert_eq!(of(&partner.responder, &referral).await, (vec![class], vec![]), "{class:?}");
        let shown =
            desk.until("it is addressed to them", |one| one.referral_id == referral.referral_id).await;
        assert_eq!(told(&shown), [class]);
        let accepted = partner.responder.accept_referral(&referral).await.unwrap();
        assert_eq!(told(&accepted), [class]);
        let (whole, listed) = of(&stage.supervisor, &referral).await;
        assert_eq!((whole.len(), listed.len()), (SAID.len(), 0), "the centre knows what it wrote");
    }
}
