//! Something of every list about referrals.

use helpline_proto::referral::v1::{PlaceHoldRequest, RequestAdmissionRequest, SetCapacityRequest};
use helpline_tests::referral::{consent, draft};
use helpline_tests::request_id;
use prost_types::Duration;

use crate::cast::Cast;
use crate::stage::{new_language, receive};

/// As many rows of each; the id of a referral with as many consents.
pub(super) async fn fill(cast: &Cast, rows: usize) -> String {
    let by = &cast.supervisor;
    let agency = cast.world.agency().await;
    let responder = cast.world.responder(agency).await;
    let contact_id = receive(&cast.adapter, &new_language()).await.contact_id;
    let mut asked = None;
    for _ in 0..rows {
        let service_id = cast.world.service(agency).await;
        let (unit, maximum) = ("bed".to_owned(), 2);
        let (request_id, out_of_service) = (request_id(), 0);
        let set =
            SetCapacityRequest { request_id, service_id: service_id.clone(), unit, maximum, out_of_service };
        by.capacity().set_capacity(set).await.unwrap();
        by.capacity().place_hold(hold(&service_id)).await.unwrap();
        let referral = by.refer(draft(&contact_id, &[&service_id])).await;
        let referral_id = responder.accept_referral(&referral).await.unwrap().referral_id;
        asked.get_or_insert(by.draft_referral(draft(&contact_id, &[&service_id])).await.unwrap());
        let stay = RequestAdmissionRequest {
            request_id: helpline_tests::request_id(),
            referral_id,
            service_id,
            unit: "bed".to_owned(),
        };
        by.admissions().request_admission(stay).await.unwrap();
    }
    let asked = asked.unwrap();
    for _ in 0..rows {
        by.consents().record_consent(consent(&asked, agency)).await.unwrap();
    }
    asked.referral_id
}

fn hold(service_id: &str) -> PlaceHoldRequest {
    PlaceHoldRequest {
        request_id: request_id(),
        unit: "bed".to_owned(),
        service_ids: vec![service_id.to_owned()],
        count: 1,
        lifetime: Some(Duration { seconds: 600, nanos: 0 }),
        referral_id: String::new(),
    }
}
