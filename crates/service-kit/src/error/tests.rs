use helpline_store::StoreError;
use tonic::Status;
use tonic_types::StatusExt as _;

use super::*;

fn all() -> Vec<Refusal> {
    vec![
        Refusal::invalid_field("queue", "a queue of this centre"),
        Refusal::invalid_page_token(),
        Refusal::token_refused(),
        Refusal::role_refused(Role::Counsellor),
        Refusal::not_found("contact"),
        Refusal::request_id_reused(),
        Refusal::already_exists("counsellor"),
        Refusal::state("contact", "closed"),
        Refusal::offer_over("expired"),
        Refusal::presence("offline"),
        Refusal::capacity_exceeded(),
        Refusal::stale(7),
        Refusal::race_lost(),
        Refusal::too_many(Duration::from_secs(5)),
        Refusal::unavailable(),
        Refusal::cursor_too_old(),
        Refusal::deadline_exceeded(),
        Refusal::bug("a queue without a centre"),
        Refusal::malformed(Some("closing.summary".to_owned())),
        Refusal::too_long(),
        Refusal::attempt_unrecorded(),
        Refusal::nobody_free(),
        Refusal::paused("2026-01-01T00:00:00Z"),
        Refusal::held("00000000-0000-0000-0000-000000000001"),
        Refusal::switch_owned(uuid::Uuid::from_u128(1)),
        Refusal::counsellor_not_available("language"),
        Refusal::partner_refused(),
        Refusal::not_disclosed(uuid::Uuid::from_u128(1)),
        Refusal::danger("violence"),
        Refusal::sender_unknown(),
        Refusal::consent_missing(uuid::Uuid::from_u128(1)),
        Refusal::nobody_fits(),
        Refusal::case_open_work(OpenWork { escalations: 1, tasks: 2, ..OpenWork::default() }),
        Refusal::no_room(3, None),
        Refusal::transfer_refused(&["fear_recorded"]),
        Refusal::return_refused(&["fear_recorded".to_owned()]),
        Refusal::return_items_open(&["ticket"]),
        Refusal::consulate_refused(uuid::Uuid::from_u128(1)),
        Refusal::redirect_missing(),
        Refusal::mandatory_report_open(Some(uuid::Uuid::from_u128(1))),
        Refusal::survey_too_late(),
    ]
}

#[test]
fn every_reason_of_the_protos_has_a_constructor() {
    let mut reasons: Vec<_> = all().iter().map(|refusal| i32::from(refusal.reason())).collect();
    reasons.sort_unstable();
    // Numbers are given out in blocks, so some are free.
    let documented: Vec<_> = (1..200).filter(|number| ErrorReason::try_from(*number).is_ok()).collect();
    assert_eq!(reasons, documented, "a reason is missing above");
}

#[test]
fn every_refusal_travels_as_a_status_with_reason_and_domain() {
    for refusal in all() {
        let (name, code) = (refusal.reason_name(), refusal.code());
        let status = Status::from(refusal);
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (name, "helpline"));
        assert!(!info.reason.starts_with("ERROR_REASON_"));
        assert_eq!(status.code(), code);
        assert_ne!(code, Code::Ok);
    }
}

#[test]
fn metadata_violations_and_delays_reach_the_client() {
    let status = Status::from(Refusal::state("contact", "closed"));
    let info = status.get_details_error_info().unwrap();
    assert_eq!((info.metadata["resource"].as_str(), info.metadata["state"].as_str()), ("contact", "closed"));
    assert_eq!(status.code(), Code::FailedPrecondition);

    let status = Status::from(Refusal::invalid_field("queue", "a queue of this centre"));
    let violation = &status.get_details_bad_request().unwrap().field_violations[0];
    assert_eq!(
        (violation.field.as_str(), violation.description.as_str()),
        ("queue", "a queue of this centre")
    );

    let status = Status::from(Refusal::stale(7));
    assert_eq!(status.get_details_error_info().unwrap().metadata["revision"], "7");
    assert!(status.get_details_retry_info().is_none());
    assert!(status.get_details_bad_request().is_none());
}

#[test]
fn a_store_out_of_reach_is_worth_another_try_and_other_errors_are_opaque() {
    for error in [
        StoreError::Unavailable("no route".to_owned()),
        StoreError::OutcomeUnknown("reset".to_owned()),
        StoreError::Retry,
    ] {
        let status = Status::from(Refusal::from(error));
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(1)));
    }
    let refusal = Refusal::from(StoreError::Constraint { name: "contact_pkey".to_owned() });
    assert!(refusal.metadata("trace").is_some());
    let status = Status::from(refusal);
    assert_eq!(status.code(), Code::Internal);
    assert!(!format!("{status:?}").contains("contact_pkey"));
}
