//! Whether a child came with a cohort or lives in a shelter, and where that is, is told by no method to who has no right to know it. Every
//! method is asked, as the descriptors say: a new one is too, and an id that is new must be said here to be of a child or not.

pub(crate) mod scene;
mod timing;

use std::collections::BTreeSet;

use helpline_proto::{METHODS, Method, Role};
use helpline_tests::request_id;
use prost::Message as _;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::cast::{Cast, ROLES};
use crate::raw;
use crate::requests::well_formed;
use crate::schema;
use scene::{Ids, Scene};

/// Ids of what there is of a child who came with others, or lives there: who may not know it is told of them what is told of ids that
/// nobody has.
const RECORDS: [&str; 17] = [
    "accompanies_admission_id",
    "admission_id",
    "assessment_id",
    "case_id",
    "cohort_id",
    "consent_id",
    "contact_id",
    "delivery_id",
    "detention_id",
    "hold_id",
    "link_id",
    "part_of_id",
    "redirect_id",
    "referral_id",
    "return_id",
    "returnee_id",
    "task_id",
];

/// Ids of a person: what is told of a child of a cohort is told of any other.
const PERSONS: [&str; 6] =
    ["absorbed_id", "child_id", "guardian_id", "person_id", "relative_id", "survivor_id"];

/// Ids of what is the same whatever child there is, and why.
const OF_NO_CHILD: [(&str, &[&str]); 5] = [
    (
        "who works here, or is asked for help, and what they have set up",
        &[
            "acknowledged_by_agency_id",
            "agency_id",
            "agency_ids",
            "authority_id",
            "counsellor_id",
            "endpoint_id",
            "leaving_counsellor_id",
            "partner_id",
            "service_id",
            "service_ids",
            "to_counsellor_id",
            "token_id",
        ],
    ),
    (
        "a step of a contact, whose own id is asked for",
        &[
            "callback_id",
            "continues_external_id",
            "external_id",
            "handover_id",
            "message_id",
            "offer_id",
            "participation_id",
        ],
    ),
    ("an emergency, whatever shelter or cohort there is", &["alert_id", "disclosure_id", "escalation_id"]),
    ("a report about a school, of which no field names a child", &["school_report_id"]),
    ("a step of a case, whose own id is asked for", &["crossborder_id", "section_id"]),
];

/// What tells more of one child than of another because it is meant to.
const BY_RIGHT: [&str; 1] = [
    // Whoever lets themselves in reads the case from then on, and every supervisor is told.
    "BreakGlass",
];

/// Methods that ask for one of two, the name that is asked by, and the one that is left out then.
const ONE_OF: [(&str, &str, &str); 3] = [
    ("AskSecondOpinion", "contact_id", "escalation_id"),
    ("DraftReferral", "part_of_id", "case_id"),
    ("ListDeliveries", "referral_id", "escalation_id"),
];

/// Who has no right to know. Supervisors have it.
fn strangers(method: &Method) -> impl Iterator<Item = Role> {
    ROLES.into_iter().filter(|role| *role != Role::Supervisor && method.roles.contains(role))
}

/// A well-formed request with these ids wherever a place has their name; the first that know one say it.
fn about(method: &Method, ids: &[&Ids]) -> DynamicMessage {
    let mut request = well_formed(method);
    for place in schema::places(method) {
        let id = |ids: &&Ids| ids.get(place.path.as_str()).or_else(|| ids.get(place.name())).cloned();
        let Some(id) = ids.iter().find_map(id) else { continue };
        if place.path.ends_with("[0]") {
            request.clear_field_by_name(place.name());
        }
        place.put(&mut request, Value::String(id));
    }
    request
}

/// The same that asks by this name for something of a child, and besides for what the counsellor has.
fn by_name(scene: &Scene, (method, name): (&Method, &'static str), of: &Ids) -> DynamicMessage {
    let one = Ids::from([(name, of[name].clone())]);
    let mut request = about(method, &[&one, &scene.own, &scene.known]);
    for (_, _, other) in ONE_OF.iter().filter(|(of, by, _)| (*of, *by) == (method.name, name)) {
        request.clear_field_by_name(other);
    }
    request
}

/// The bytes that somebody is answered, of a stream those of what it says at once.
async fn answer(cast: &Cast, method: &Method, secret: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Status> {
    let request = raw::request(Some(secret), bytes);
    if method.streaming {
        raw::first(&cast.channel, method.path, request).await
    } else {
        raw::call(&cast.channel, method.path, false, request).await
    }
}

/// What somebody is answered, without what is its own in every answer: ids, times, numbers that are drawn, secrets.
async fn told(scene: &Scene, method: &Method, role: Role, request: &DynamicMessage) -> (Code, String) {
    let secret = scene.stranger(role).secret();
    match answer(&scene.cast, method, secret, request.encode_to_vec()).await {
        Ok(bytes) => {
            let answer = DynamicMessage::decode(schema::output(method), bytes.as_slice()).unwrap();
            (Code::Ok, text(&answer))
        }
        Err(status) => {
            let details = status.details().len();
            (
                status.code(),
                format!("{:?} {} {details}", helpline_tests::Refused::from(&status), status.message()),
            )
        }
    }
}

/// A message as text, maps by their keys.
fn text(message: &DynamicMessage) -> String {
    let fields = message.fields().map(|(field, value)| {
        let drawn = ["cursor", "next_page_token", "number", "reference", "secret"].contains(&field.name());
        format!("{}: {}", field.name(), if drawn { "drawn".to_owned() } else { text_of(value) })
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{:?}", without_ids(text)),
        Value::Message(inner) if inner.descriptor().full_name() == "google.protobuf.Timestamp" => {
            "a time".to_owned()
        }
        Value::Message(inner) => text(inner),
        Value::List(entries) => format!("{:?}", entries.iter().map(text_of).collect::<Vec<_>>()),
        Value::Map(entries) => {
            let mut entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{key:?}: {}", text_of(value))).collect();
            entries.sort();
            format!("{entries:?}")
        }
        other => format!("{other:?}"),
    }
}

fn without_ids(text: &str) -> String {
    let parts = text.split_inclusive(|sign: char| !sign.is_ascii_hexdigit() && sign != '-');
    let part = |part: &str| {
        let id = part.get(..36).is_some_and(|id| Uuid::try_parse(id).is_ok());
        if id { format!("an id{}", &part[36..]) } else { part.to_owned() }
    };
    parts.map(part).collect()
}

/// Every method that somebody who has no right may ask with the id of something of a child, and by which name.
fn asked(names: &[&'static str]) -> Vec<(&'static Method, &'static str)> {
    let mut asked = Vec::new();
    for method in
        METHODS.iter().filter(|method| strangers(method).next().is_some() && !BY_RIGHT.contains(&method.name))
    {
        let places = schema::places(method);
        asked.extend(
            names
                .iter()
                .filter(|name| places.iter().any(|place| place.name() == **name))
                .map(|name| (method, *name)),
        );
    }
    asked
}

/// Ids of records that nobody has.
fn nobody() -> Ids {
    RECORDS.into_iter().map(|name| (name, request_id())).collect()
}

#[test]
fn of_every_id_that_is_asked_for_it_is_said_whether_it_is_of_a_child() {
    let of_no_child = OF_NO_CHILD.iter().flat_map(|(_, names)| names.iter().copied());
    let said: BTreeSet<_> = RECORDS.into_iter().chain(PERSONS).chain(of_no_child).collect();
    let asked: BTreeSet<_> = METHODS
        .iter()
        .filter(|method| strangers(method).next().is_some())
        .flat_map(schema::places)
        .filter(|place| place.name().ends_with("_id") || place.name().ends_with("_ids"))
        .map(|place| place.name().to_owned())
        .filter(|name| name != "request_id")
        .collect();
    assert_eq!(asked, said.into_iter().map(str::to_owned).collect());
}

#[tokio::test]
async fn what_there_is_of_a_child_is_like_what_never_was() {
    let (scene, nobody) = (Scene::full().await, nobody());
    let mut wrong = Vec::new();
    for (method, name) in asked(&RECORDS) {
        for role in strangers(method) {
            let ask = async |of: &Ids| told(&scene, method, role, &by_name(&scene, (method, name), of)).await;
            let (of_child, of_nobody) = (ask(&scene.child).await, ask(&nobody).await);
            if of_child != of_nobody {
                wrong.push(format!("{} {name} {role:?}: {of_child:?} {of_nobody:?}", method.name));
            }
            // What is refused before the id is looked for would prove nothing.
            if !matches!(of_nobody.0, Code::Ok | Code::NotFound) {
                wrong.push(format!("{} {name} {role:?} proves nothing: {of_nobody:?}", method.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_child_of_a_cohort_is_a_child_like_any_other() {
    let scene = Scene::full().await;
    let mut wrong = Vec::new();
    for (method, name) in asked(&PERSONS) {
        for role in strangers(method) {
            let ask = async |of: &Ids| told(&scene, method, role, &by_name(&scene, (method, name), of)).await;
            let (of_child, of_other) = (ask(&scene.child).await, ask(&scene.other).await);
            if of_child != of_other {
                wrong.push(format!("{} {name} {role:?}: {of_child:?} {of_other:?}", method.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What administrators are told of where a shelter is: they keep the directory.
const KEPT: [&str; 5] = ["GetService", "ListServices", "SearchServices", "UpdateService", "VerifyService"];

#[tokio::test]
async fn a_world_with_a_resident_and_a_cohort_is_answered_like_one_without() {
    let (full, empty) = (Scene::full().await, Scene::empty().await);
    let mut methods: Vec<_> = METHODS.iter().collect();
    // What is looked at comes before what changes it.
    methods.sort_by_key(|method| method.changes);
    let mut wrong = Vec::new();
    for method in methods {
        for role in strangers(method) {
            if role == Role::Administrator && KEPT.contains(&method.name) {
                continue;
            }
            let nothing = |_: &Scene| DynamicMessage::new(schema::input(method));
            let own = |scene: &Scene| about(method, &[&scene.own, &scene.known]);
            for request in [&nothing as &dyn Fn(&Scene) -> DynamicMessage, &own] {
                let (there, here) = (
                    told(&full, method, role, &request(&full)).await,
                    told(&empty, method, role, &request(&empty)).await,
                );
                if there != here {
                    wrong.push(format!("{} {role:?}: {there:?} {here:?}", method.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
