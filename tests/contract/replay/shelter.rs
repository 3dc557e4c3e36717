//! Commands about residents of shelters and help to return that can be carried out.

use helpline_proto::referral::v1::AccompanyAdmissionRequest;
use helpline_proto::shelter::v1::{
    RecordReturnConsentRequest, RepeatServiceOfferRequest, ReturnAssistance, ReturnSubject, ServiceOfferState,
};
use helpline_tests::shelter::{
    answer, approves, arrives, asks, cancels, consents, departs, done, grace, ready, start, withdraws,
};
use helpline_tests::{Actor, request_id};
use prost::Message as _;

use crate::cast::Cast;
use crate::stage::{new_language, receive};

/// Who lives in a shelter; the id of the stay.
async fn resident(cast: &Cast) -> String {
    let agency = cast.world.agency().await;
    let service = cast.world.service(agency).await;
    cast.supervisor.has_beds(&service, 2).await;
    let contact = receive(&cast.adapter, &new_language()).await.contact_id;
    cast.supervisor.takes_in_from(&contact, &service, "").await.admission_id
}

async fn begun(cast: &Cast) -> ReturnAssistance {
    let opened = cast.supervisor.case_of_child().await.case_id;
    cast.supervisor.start_return(start(&opened, ReturnSubject::Adult)).await.unwrap()
}

async fn going(cast: &Cast) -> String {
    let opened = cast.supervisor.case_of_child().await.case_id;
    cast.supervisor.adult_ready_to_return(&opened).await
}

/// Somebody who gives the command, who has done nothing before, and its bytes; `None` for commands about something else.
pub(super) async fn prepare(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let by = cast.world.supervisor().await;
    let of = &cast.supervisor;
    let bytes = match method {
        "AccompanyAdmission" => AccompanyAdmissionRequest {
            request_id: request_id(),
            admission_id: resident(cast).await,
            accompanies_admission_id: resident(cast).await,
        }
        .encode_to_vec(),
        "AnswerServiceOffer" => {
            answer(&resident(cast).await, "legal", ServiceOfferState::DeclinedByResident).encode_to_vec()
        }
        "RepeatServiceOffer" => {
            let admission_id = resident(cast).await;
            of.answer_offer(answer(&admission_id, "legal", ServiceOfferState::DeclinedByResident))
                .await
                .unwrap();
            let service = "legal".to_owned();
            RepeatServiceOfferRequest { request_id: request_id(), admission_id, service }.encode_to_vec()
        }
        "StartReturnAssistance" => {
            start(&of.case_of_child().await.case_id, ReturnSubject::Adult).encode_to_vec()
        }
        "SetReturnItem" => {
            let help = begun(cast).await;
            done(&help.return_id, &help.items[0].item).encode_to_vec()
        }
        "SetGracePeriod" => grace(&begun(cast).await.return_id).encode_to_vec(),
        "RecordReturnConsent" => consents(&begun(cast).await.return_id).encode_to_vec(),
        "WithdrawReturnConsent" => withdraws(&going(cast).await).encode_to_vec(),
        "AskReturnOverride" | "ApproveReturnOverride" => {
            let id = begun(cast).await.return_id;
            let afraid = RecordReturnConsentRequest { fear_recorded: true, ..consents(&id) };
            of.agree_to_return(afraid).await.unwrap();
            if method == "AskReturnOverride" {
                asks(&id).encode_to_vec()
            } else {
                of.ask_return_override(asks(&id)).await.unwrap();
                approves(&id).encode_to_vec()
            }
        }
        "MarkReturnReady" => {
            let help = begun(cast).await;
            for one in &help.items {
                of.set_return_item(done(&help.return_id, &one.item)).await.unwrap();
            }
            ready(&help.return_id).encode_to_vec()
        }
        "RecordReturnDeparture" => departs(&going(cast).await).encode_to_vec(),
        "RecordReturnArrival" => {
            let id = going(cast).await;
            of.departs_home(departs(&id)).await.unwrap();
            arrives(&id).encode_to_vec()
        }
        "CancelReturnAssistance" => cancels(&begun(cast).await.return_id).encode_to_vec(),
        _ => return None,
    };
    Some((by, bytes))
}
