//! Commands about reports of abuse at schools, and surveys, that can be carried out.

use helpline_proto::intake::v1::ReviewSurveyRequest;
use helpline_tests::school::{
    approve, assess, assess_away, close, file, link, reported, survey, tell, tell_nothing, unlink,
};
use helpline_tests::{Actor, request_id};
use prost::Message as _;

use crate::cast::Cast;
use crate::stage::{abilities, accept, complete, new_language, offer, receive};

/// A contact that has ended, brought by a new adapter.
async fn ended(cast: &Cast) -> (Actor, String) {
    let (adapter, language) = (cast.world.adapter().await, new_language());
    let counsellor = cast.world.counsellor(abilities(&language)).await;
    let contact = accept(&counsellor, &offer(&adapter, &counsellor, &language).await).await;
    (adapter, complete(&counsellor, &contact.contact_id).await.contact_id)
}

/// Somebody who gives the command, and its bytes; `None` for commands about something else.
pub(super) async fn prepare_command(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let filed = async || {
        let contact = receive(&cast.adapter, &new_language()).await.contact_id;
        let report = cast.supervisor.file_report(file(&contact)).await.unwrap();
        (contact, report.school_report_id)
    };
    let assessed = async || {
        let (contact, id) = filed().await;
        cast.supervisor.assess_report(assess(&id)).await.unwrap();
        (cast.supervisor.raise_mandatory_report(&contact).await, id)
    };
    let approved = async || {
        let (_, id) = filed().await;
        cast.supervisor.assess_report(assess_away(&id)).await.unwrap();
        cast.world.supervisor().await.approve_silence(approve(&id)).await.unwrap().school_report_id
    };
    let by = cast.world.supervisor().await;
    Some(match method {
        "FileSchoolReport" => {
            let contact = receive(&cast.adapter, &new_language()).await.contact_id;
            (by, file(&contact).encode_to_vec())
        }
        "AssessSchoolReport" => (by, assess(&filed().await.1).encode_to_vec()),
        "ApproveNotReportable" => {
            let (_, id) = filed().await;
            cast.supervisor.assess_report(assess_away(&id)).await.unwrap();
            (by, approve(&id).encode_to_vec())
        }
        "RecordMandatoryReport" => {
            let (escalation, id) = assessed().await;
            (by, reported(&id, &escalation).encode_to_vec())
        }
        "GiveReporterFeedback" => {
            let (escalation, id) = assessed().await;
            cast.supervisor.report_school(reported(&id, &escalation)).await.unwrap();
            (by, tell(&id).encode_to_vec())
        }
        "RecordFeedbackImpossible" => (by, tell_nothing(&approved().await).encode_to_vec()),
        "CloseSchoolReport" => {
            let id = approved().await;
            cast.supervisor.tell_nobody(tell_nothing(&id)).await.unwrap();
            (by, close(&id).encode_to_vec())
        }
        "LinkSchoolReports" => (by, link(&filed().await.1, &filed().await.1).encode_to_vec()),
        "UnlinkSchoolReport" => {
            let (one, other) = (filed().await.1, filed().await.1);
            cast.supervisor.link_reports(link(&one, &other)).await.unwrap();
            (by, unlink(&one).encode_to_vec())
        }
        "RecordSurvey" => {
            let (adapter, contact) = ended(cast).await;
            (adapter, survey(&contact).encode_to_vec())
        }
        "ReviewSurvey" => {
            let (adapter, contact_id) = ended(cast).await;
            adapter.surveys().record_survey(survey(&contact_id)).await.unwrap();
            (by, ReviewSurveyRequest { request_id: request_id(), contact_id }.encode_to_vec())
        }
        _ => return None,
    })
}
