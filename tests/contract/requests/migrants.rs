//! Well-formed requests about children on the move.

use helpline_proto::casework::v1::{
    AskRedirectRequest, BeginRedirectRequest, ExtendStayRequest, GetDetentionRequest, GetProtectionsRequest,
    GetRedirectRequest, GetStayLimitRequest, RedirectDecision,
};
use helpline_proto::directory::v1::MigrantChildrenSettings;
use helpline_tests::migrant::{
    answer_conference, answer_override, ask_override, conference, decide, depart, fear, held, lift, released,
};
use prost::Message as _;
use prost_types::Timestamp;

use super::{id, seconds};

/// Settings in which every field is set that can be.
pub(super) fn settings() -> MigrantChildrenSettings {
    MigrantChildrenSettings {
        enquire_within: Some(seconds(3600)),
        assess_within: Some(seconds(3600)),
        plan_within: Some(seconds(3600)),
        answer_days: 3,
        rest_days: vec![5, 6],
        stay_days: 60,
        stay_warning_days: 5,
        guardian_within: Some(seconds(3600)),
        screen_within: Some(seconds(3600)),
        review_days: 7,
        held_at_most: Some(seconds(3600)),
    }
}

/// The request of a method that is about them.
pub(super) fn sample(method: &str) -> Option<Vec<u8>> {
    let agency = id().parse().expect("an id");
    Some(match method {
        "RecordProtection" => fear(&id(), "JO").encode_to_vec(),
        "LiftProtection" => lift(&id()).encode_to_vec(),
        "AskConsulateOverride" => ask_override(&id(), agency).encode_to_vec(),
        "AnswerConsulateOverride" => {
            let mut answer = answer_override(&id(), true);
            "By order of the court.".clone_into(&mut answer.remark);
            answer.encode_to_vec()
        }
        "GetProtections" => GetProtectionsRequest { case_id: id() }.encode_to_vec(),
        "BeginRedirect" => BeginRedirectRequest { request_id: id(), case_id: id() }.encode_to_vec(),
        "DecideRedirect" => decide(&id(), RedirectDecision::Plan).encode_to_vec(),
        "AskRedirect" => {
            AskRedirectRequest { request_id: id(), redirect_id: id(), referral_id: id() }.encode_to_vec()
        }
        "RecordConference" => conference(&id()).encode_to_vec(),
        "DepartFromAdvice" => depart(&id()).encode_to_vec(),
        "AnswerConference" => answer_conference(&id()).encode_to_vec(),
        "GetRedirect" => GetRedirectRequest { case_id: id() }.encode_to_vec(),
        "RecordDetention" => held(&id(), Timestamp { seconds: 1_750_000_000, nanos: 0 }).encode_to_vec(),
        "EndDetention" => {
            let mut end = released(&id());
            "A family has taken him in.".clone_into(&mut end.remark);
            end.encode_to_vec()
        }
        "GetDetention" => GetDetentionRequest { case_id: id() }.encode_to_vec(),
        "ExtendStay" => ExtendStayRequest {
            request_id: id(),
            admission_id: id(),
            until_time: Some(Timestamp { seconds: 1_800_000_000, nanos: 0 }),
            reason: "No family is found yet.".to_owned(),
        }
        .encode_to_vec(),
        "GetStayLimit" => GetStayLimitRequest { admission_id: id() }.encode_to_vec(),
        _ => return None,
    })
}
