//! Commands about plans, disclosures and second opinions that can be carried out.

use helpline_proto::escalation::v1::{
    AnswerSecondOpinionRequest, ApproveDisclosureRequest, AskSecondOpinionRequest, ConsentBy,
    DiscloseRequest, DisclosureBasis, DisclosureGround, DisclosurePurpose, MakeStandInRequest, OpinionAnswer,
    PublishPlanRequest, RevokeDisclosureRequest, RevokeStandInRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_tests::plan::{WATCH, counting_on};
use helpline_tests::{Actor, request_id};
use prost::Message as _;

use crate::cast::Cast;

/// Somebody who may give the command, and its bytes, if the method is about these.
pub(super) async fn prepare(cast: &Cast, method: &str) -> Option<(Actor, Vec<u8>)> {
    let world = &cast.world;
    Some(match method {
        "PublishPlan" => {
            let mut plan = world.plan().await;
            let expected_version = plan.version;
            plan.policies[0].repeats = 3;
            let command = PublishPlanRequest { request_id: request_id(), plan: Some(plan), expected_version };
            (cast.administrator.clone(), command.encode_to_vec())
        }
        "MakeStandIn" => (cast.supervisor.clone(), stand_in(cast).await.encode_to_vec()),
        "RevokeStandIn" => {
            let make = stand_in(cast).await;
            let answer = cast.supervisor.plans().make_stand_in(make).await.unwrap().into_inner();
            let stand_in_id = answer.stand_in.unwrap().stand_in_id;
            let revoke = RevokeStandInRequest { request_id: request_id(), stand_in_id };
            (cast.supervisor.clone(), revoke.encode_to_vec())
        }
        "Disclose" => (cast.counsellor.clone(), disclosure(cast).await.encode_to_vec()),
        "ApproveDisclosure" | "RevokeDisclosure" => {
            let made = cast.counsellor.disclosures().disclose(disclosure(cast).await).await.unwrap();
            let disclosure_id = made.into_inner().disclosure.unwrap().disclosure_id;
            let supervisor = world.supervisor().await;
            if method == "ApproveDisclosure" {
                let approve = ApproveDisclosureRequest { request_id: request_id(), disclosure_id };
                (supervisor, approve.encode_to_vec())
            } else {
                let revoke = RevokeDisclosureRequest { request_id: request_id(), disclosure_id };
                (supervisor, revoke.encode_to_vec())
            }
        }
        "AskSecondOpinion" => (cast.counsellor.clone(), question(cast).await.encode_to_vec()),
        "AnswerSecondOpinion" => {
            let asked = cast.counsellor.consults().ask_second_opinion(question(cast).await).await.unwrap();
            let answer = AnswerSecondOpinionRequest {
                request_id: request_id(),
                opinion_id: asked.into_inner().opinion.unwrap().opinion_id,
                answer: OpinionAnswer::KeepGoing.into(),
                remark: "You do well.".to_owned(),
            };
            (world.supervisor().await, answer.encode_to_vec())
        }
        _ => return None,
    })
}

/// An override, which can be approved too.
async fn disclosure(cast: &Cast) -> DiscloseRequest {
    DiscloseRequest {
        request_id: request_id(),
        escalation_id: cast.counsellor.raises().await,
        agency_id: cast.world.agency().await.to_string(),
        purpose: DisclosurePurpose::Emergency.into(),
        field_classes: vec![FieldClass::Location.into()],
        basis: DisclosureBasis::Override.into(),
        consent_by: ConsentBy::Unspecified.into(),
        ground: DisclosureGround::LifeInDanger.into(),
        lifetime: None,
    }
}

async fn question(cast: &Cast) -> AskSecondOpinionRequest {
    AskSecondOpinionRequest {
        request_id: request_id(),
        escalation_id: cast.counsellor.raises().await,
        contact_id: String::new(),
        question: "Is this for the police?".to_owned(),
    }
}

async fn stand_in(cast: &Cast) -> MakeStandInRequest {
    let counsellor_id = cast.counsellor.counsellor_id.clone();
    cast.world.change_plan(|plan| counting_on(plan, &[&counsellor_id])).await.unwrap();
    MakeStandInRequest {
        request_id: request_id(),
        schedule: WATCH.to_owned(),
        counsellor_id,
        begin_time: None,
        end_time: Some(cast.world.soon()),
    }
}
