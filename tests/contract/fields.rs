//! Every field of every request, filled with what it cannot hold: the answer names that field and no other.

use helpline_proto::{METHODS, Method};
use helpline_tests::Refused;
use prost::Message as _;
use prost_reflect::{Kind, Value};
use tonic::Code;

use crate::cast::Cast;
use crate::requests::well_formed;
use crate::schema::{self, Place};
use crate::stage::healthy;

/// Ids that may be missing: without one, the list is not narrowed to a counsellor, the best who is free is invited, or a
/// queue goes to another queue; work is the caller's own and offered to the shift; a number is no agency's.
const OPTIONAL_IDS: [&str; 8] = [
    "partner_id",
    "filter.counsellor_id",
    "to_counsellor_id",
    "leaving_counsellor_id",
    "plan.policies[0].steps[0].targets[0].counsellor_id",
    "plan.policies[0].steps[0].targets[0].agency_id",
    "plan.policies[0].steps[0].targets[0].call.agency_id",
    "plan.fallback.agency_id",
];
/// Those that may be missing of one method alone: an escalation is raised by hand, a list is not narrowed to a contact or a case,
/// a token is no responder's, a question is about an escalation, alerts are listed of all, a document is the alert, an
/// authority is kept as no agency, nobody answers for a service; a referral is no part of another, is asked of one service of an
/// agency, a hold is for none; a case comes from no contact, a section is new, a task is the caller's and nobody else's, a
/// focal point is the first, reports are of any school; a child lives there with nobody, who returns comes from no shelter, and consents for themselves.
const OPTIONAL_OF: [(&str, &str); 36] = [
    ("UpdateService", "agency_id"),
    ("RaiseEscalation", "contact_id"),
    ("RaiseEscalation", "report.authority_id"),
    ("ListEscalations", "contact_id"),
    ("CreateToken", "agency_id"),
    ("AskSecondOpinion", "contact_id"),
    ("ListChildAlerts", "escalation_id"),
    ("GetChildAlertDocument", "acknowledged_by_agency_id"),
    ("DraftReferral", "part_of_id"),
    ("AcceptReferral", "service_id"),
    ("RejectReferral", "service_id"),
    ("ListReferrals", "contact_id"),
    ("ListReferrals", "case_id"),
    ("PlaceHold", "referral_id"),
    ("ListDeliveries", "referral_id"),
    ("RaiseEscalation", "case_id"),
    ("DraftReferral", "case_id"),
    ("OpenCase", "contact_id"),
    ("WriteCaseSection", "section_id"),
    ("ListCases", "child_id"),
    ("ListMerges", "person_id"),
    ("AddTask", "counsellor_id"),
    ("AddTask", "referral_id"),
    ("HandTask", "counsellor_id"),
    ("HandTask", "referral_id"),
    ("ListTasks", "agency_id"),
    ("ListTasks", "case_id"),
    ("BreakGlass", "child_id"),
    ("ListAssessments", "case_id"),
    ("ListCrossBorderHandovers", "case_id"),
    ("OfferCrossBorderHandover", "agency_id"),
    ("ListSchoolReports", "school_id"),
    ("AccompanyAdmission", "accompanies_admission_id"),
    ("StartReturnAssistance", "admission_id"),
    ("RecordReturnConsent", "guardian_id"),
    ("ListReturnAssistances", "case_id"),
];
/// The channel's own id: any text.
const TEXT_IDS: [&str; 2] = ["external_id", "continues_external_id"];

fn is_id(place: &Place) -> bool {
    place.kind() == Kind::String && place.name().ends_with("_id") && !TEXT_IDS.contains(&place.path.as_str())
}

fn is_cursor(place: &Place) -> bool {
    matches!(place.name(), "page_token" | "after_cursor")
}

/// Every place of every request.
fn everywhere() -> impl Iterator<Item = (&'static Method, Place)> {
    METHODS.iter().flat_map(|method| schema::places(method).into_iter().map(move |place| (method, place)))
}

/// Calls a method with a value in one place of an otherwise well-formed request.
async fn refused_with(cast: &Cast, method: &Method, place: &Place, value: Value) -> Refused {
    let mut request = well_formed(method);
    place.put(&mut request, value);
    cast.refused(method, &request).await
}

/// Asserts that a value is refused in its place, by the name of the place alone.
async fn names_the_field(cast: &Cast, method: &Method, place: &Place, value: Value) {
    let shown = format!("{}.{} = {:.40}", method.name, place.path, format!("{value:?}"));
    let refused = refused_with(cast, method, place, value).await;
    let reason = if place.name() == "page_token" { "INVALID_PAGE_TOKEN" } else { "INVALID_FIELD" };
    assert_eq!((refused.code, refused.reason.as_str()), (Code::InvalidArgument, reason), "{shown}");
    assert_eq!(refused.fields, [place.path.as_str()], "{shown}");
}

#[tokio::test]
async fn a_well_formed_request_is_not_refused_for_its_form() {
    let cast = Cast::new().await;
    for method in METHODS {
        let Err(status) = cast.call(method, &well_formed(method)).await else { continue };
        // What a plan names must be there: whom it names in vain is said beside its other faults.
        let expected = if method.name == "PublishPlan" { Code::InvalidArgument } else { Code::NotFound };
        assert_eq!(status.code(), expected, "{}: {status:?}", method.name);
    }
}

#[tokio::test]
async fn every_change_needs_the_id_by_which_its_repeat_is_known() {
    let cast = Cast::new().await;
    for method in METHODS {
        let place = schema::places(method).into_iter().find(|place| place.path == "request_id");
        assert_eq!(place.is_some(), method.changes, "{}", method.name);
        let Some(place) = place else { continue };
        for wrong in
            ["", "1", "00000000-0000-0000-0000-000000000000", "no-uuid-but-as-long-as-one-could-be--"]
        {
            names_the_field(&cast, method, &place, Value::String(wrong.to_owned())).await;
        }
    }
}

#[tokio::test]
async fn every_id_must_be_there_and_be_a_uuid() {
    let cast = Cast::new().await;
    let mut seen = 0;
    for (method, place) in everywhere().filter(|(_, place)| is_id(place)) {
        seen += 1;
        let path = place.path.as_str();
        if !OPTIONAL_IDS.contains(&path) && !OPTIONAL_OF.contains(&(method.name, path)) {
            names_the_field(&cast, method, &place, Value::String(String::new())).await;
        }
        for wrong in ["7", "../contacts", "00000000-0000-0000-0000-000000000000", "' OR ''='"] {
            names_the_field(&cast, method, &place, Value::String(wrong.to_owned())).await;
        }
    }
    assert!(seen > 30, "only {seen} ids were found");
    healthy(&cast.world).await;
}

#[tokio::test]
async fn every_enum_refuses_what_it_does_not_know() {
    let cast = Cast::new().await;
    let mut seen = 0;
    for (method, place) in everywhere().filter(|(_, place)| matches!(place.kind(), Kind::Enum(_))) {
        seen += 1;
        for unknown in [-1, 77, i32::MIN, i32::MAX] {
            names_the_field(&cast, method, &place, Value::EnumNumber(unknown)).await;
        }
    }
    assert!(seen > 15, "only {seen} enums were found");
    healthy(&cast.world).await;
}

#[tokio::test]
async fn every_number_refuses_a_negative_one_and_bears_a_huge_one() {
    let cast = Cast::new().await;
    let number = |place: &Place, value: i64| match place.kind() {
        Kind::Int32 => Some(Value::I32(value.clamp(i32::MIN.into(), i32::MAX.into()).try_into().unwrap())),
        Kind::Int64 => Some(Value::I64(value)),
        // What a place on the earth cannot be is told apart in the tests of the directory.
        Kind::Double | Kind::String | Kind::Bool | Kind::Enum(_) | Kind::Message(_) => None,
        other => panic!("{} holds {other:?}: teach this test what is too much for it", place.path),
    };
    let mut seen = 0;
    for (method, place) in everywhere() {
        let Some(negative) = number(&place, -1) else { continue };
        seen += 1;
        names_the_field(&cast, method, &place, negative).await;
        names_the_field(&cast, method, &place, number(&place, i64::MIN).unwrap()).await;
        let mut request = well_formed(method);
        place.put(&mut request, number(&place, i64::MAX).unwrap());
        // A number can be too large for its field, or be a revision that nothing has.
        if let Err(status) = cast.call(method, &request).await {
            let bearable = [Code::InvalidArgument, Code::NotFound, Code::Aborted];
            assert!(bearable.contains(&status.code()), "{}.{}: {status:?}", method.name, place.path);
        }
    }
    assert!(seen > 15, "only {seen} numbers were found");
    healthy(&cast.world).await;
}

#[tokio::test]
async fn every_time_refuses_what_no_calendar_has() {
    let cast = Cast::new().await;
    let mut seen = 0;
    for (method, place) in everywhere() {
        let duration = place.holds("google.protobuf.Duration");
        if !duration && !place.holds("google.protobuf.Timestamp") {
            continue;
        }
        seen += 1;
        let wrong =
            [(i64::MIN, 0), (i64::MAX, 0), (-1, 0), (1, -1), (i64::MAX, i32::MAX), (i64::MIN, i32::MIN)];
        for (seconds, nanos) in wrong {
            names_the_field(&cast, method, &place, schema::time(&place, seconds, nanos)).await;
        }
        if !duration {
            names_the_field(&cast, method, &place, schema::time(&place, 253_402_300_800, 0)).await;
            names_the_field(&cast, method, &place, schema::time(&place, 1, 1_000_000_000)).await;
        }
    }
    assert!(seen > 10, "only {seen} times were found");
    healthy(&cast.world).await;
}

#[tokio::test]
async fn every_text_refuses_control_characters_and_what_is_too_long() {
    let cast = Cast::new().await;
    let long = "ت".repeat(50_000);
    let mut seen = 0;
    for (method, place) in everywhere().filter(|(_, place)| place.kind() == Kind::String) {
        seen += 1;
        for wrong in ["a\0b", "\u{7}bell", "a\u{1b}[31mred", "a\u{85}b", "a\u{7f}b", &long] {
            names_the_field(&cast, method, &place, Value::String(wrong.to_owned())).await;
        }
    }
    assert!(seen > 50, "only {seen} texts were found");
    healthy(&cast.world).await;
}

#[tokio::test]
async fn every_text_must_be_utf_8() {
    const HOLDER: &str = "qqqqqqqq";
    let cast = Cast::new().await;
    for (method, place) in everywhere().filter(|(_, place)| place.kind() == Kind::String) {
        let mut request = well_formed(method);
        place.put(&mut request, Value::String(HOLDER.to_owned()));
        let mut bytes = request.encode_to_vec();
        let at = bytes.windows(HOLDER.len()).position(|window| window == HOLDER.as_bytes()).unwrap();
        // An overlong slash, a surrogate, and bytes that occur in no UTF-8.
        bytes[at..at + HOLDER.len()].copy_from_slice(b"\xc0\xaf\xed\xa0\x80\xff\xfe\x80");
        let answer = cast.call_with(method, Some(cast.caller(method).secret()), bytes).await;
        let refused = Refused::from(&answer.expect_err(&place.path));
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::InvalidArgument, "REQUEST_MALFORMED"),
            "{}.{}",
            method.name,
            place.path
        );
        assert_eq!(refused.fields, [place.path.replace("[0]", "")]);
    }
    healthy(&cast.world).await;
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let cast = Cast::new().await;
    for method in METHODS {
        let mut request = well_formed(method);
        let mut wrong = Vec::new();
        for place in schema::places(method) {
            // Cursors are opened only when everything else can be read.
            if place.kind() == Kind::String && !is_cursor(&place) {
                place.put(&mut request, Value::String("a\0b".to_owned()));
                wrong.push(place.path);
            }
        }
        if wrong.is_empty() {
            continue;
        }
        let mut named = cast.refused(method, &request).await.fields;
        named.sort();
        wrong.sort();
        assert_eq!(named, wrong, "{}", method.name);
    }
}
