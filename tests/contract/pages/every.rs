//! The lists about emergencies, agencies and referrals, walked by their descriptors: every page, whose it is, and what it is of.

use std::collections::BTreeMap;

use helpline_domain::caller::Role;
use helpline_proto::casework::v1::FindPersonsRequest;
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind};
use helpline_proto::escalation::v1::{
    AskSecondOpinionRequest, ConsentBy, Danger, DiscloseRequest, DisclosureBasis, DisclosurePurpose,
    EscalationKind, ForceNextStepRequest, MakeStandInRequest, RaiseEscalationRequest, Report,
};
use helpline_proto::intake::v1::{BlockReason, BlockSenderRequest};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Risk;
use helpline_proto::{METHODS, Method};
use helpline_tests::plan::{WATCH, counting_on};
use helpline_tests::{Actor, Refused, request_id};
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, Value};
use prost_types::Timestamp;

use super::{assert_no_page, casework, crossborder, forgeries, referrals, reintegration, school, shelter};
use crate::cast::{Cast, method};
use crate::requests::well_formed;
use crate::schema;
use crate::stage::healthy;

/// Lists that are walked here.
const LISTS: [&str; 31] = [
    "ListEscalations",
    "ListReports",
    "ListTimeline",
    "ListCalls",
    "ListEndpoints",
    "ListDeliveries",
    "ListAgencies",
    "ListStandIns",
    "ListDisclosures",
    "ListSecondOpinions",
    "ListBlocks",
    "ListServices",
    "ListReferrals",
    "ListReferralTimeline",
    "ListConsents",
    "ListCapacities",
    "ListHolds",
    "ListAdmissions",
    "ListMerges",
    "FindPersons",
    "ListCases",
    "ListCaseTimeline",
    "ListTasks",
    "ListAssessments",
    "ListCrossBorderHandovers",
    "ListCrossBorderTimeline",
    "ListCrossBorderConsents",
    "ListSchoolReports",
    "ListCohorts",
    "ListReturnees",
    "ListReturnAssistances",
];
/// Lists that are not walked here: of the line, of the directory, of what is told of missing children, of figures.
const OTHERS: [&str; 8] = [
    "ListContacts",
    "ListCounsellors",
    "ListTokens",
    "ListOverflows",
    "ListAlerts",
    "ListCallbacks",
    "ListChildAlerts",
    "ListCountedContacts",
];
/// Rows of each list.
const ROWS: usize = 5;
/// Rows of a page.
const PAGE: usize = 2;

/// A page: its entries, and the token of the next.
type Page = (Vec<Value>, String);

fn page_of(method: &Method, answer: &[u8]) -> Page {
    let answer = DynamicMessage::decode(schema::output(method), answer).unwrap();
    let entries = answer.descriptor().fields().find(FieldDescriptor::is_list).expect("a list of entries");
    let entries = answer.get_field(&entries).as_list().unwrap().to_vec();
    let next = answer.get_field_by_name("next_page_token").unwrap().as_str().unwrap().to_owned();
    (entries, next)
}

/// What is asked of a list, without its page.
struct List {
    method: &'static Method,
    actor: Actor,
    request: DynamicMessage,
}

impl List {
    fn asking(&self, size: usize, token: &str) -> DynamicMessage {
        let mut request = self.request.clone();
        request.set_field_by_name("page_size", Value::I32(size.try_into().unwrap()));
        request.set_field_by_name("page_token", Value::String(token.to_owned()));
        request
    }

    async fn ask(&self, cast: &Cast, actor: &Actor, request: &DynamicMessage) -> Result<Page, Refused> {
        let answer = cast.call_with(self.method, Some(actor.secret()), request.encode_to_vec()).await;
        answer.map(|answer| page_of(self.method, &answer)).map_err(|status| Refused::from(&status))
    }

    async fn page(&self, cast: &Cast, size: usize, token: &str) -> Result<Page, Refused> {
        self.ask(cast, &self.actor, &self.asking(size, token)).await
    }

    /// The same question with another filter, one for each filter there is.
    fn others(&self, token: &str) -> Vec<DynamicMessage> {
        let places = schema::places(self.method);
        let filters = places.iter().filter(|place| !matches!(place.name(), "page_size" | "page_token"));
        let other = filters.filter_map(|place| {
            // What is sent about a referral is another list than what is sent about an emergency.
            if (self.method.name, place.name()) == ("ListDeliveries", "referral_id") {
                return None;
            }
            let mut request = self.asking(PAGE, token);
            let value = match place.kind() {
                Kind::Bool => {
                    let set = request.get_field_by_name(place.name())?.as_bool()?;
                    Value::Bool(!set)
                }
                Kind::String => Value::String(request_id()),
                _ => return None,
            };
            place.put(&mut request, value);
            Some(request)
        });
        other.collect()
    }
}

/// Something of every kind that is listed; the ids that some lists ask for.
async fn fill(cast: &Cast) -> BTreeMap<&'static str, String> {
    let world = &cast.world;
    let counsellor_id = cast.counsellor.counsellor_id.clone();
    world.change_plan(|plan| counting_on(plan, &[&counsellor_id])).await.unwrap();
    let (mut escalation_id, mut agency_id) = (String::new(), String::new());
    for number in 0..ROWS {
        let agency = world.agency().await.to_string();
        if agency_id.is_empty() {
            agency_id.clone_from(&agency);
        }
        let endpoint = CreateEndpointRequest {
            request_id: request_id(),
            agency_id: agency_id.clone(),
            kind: EndpointKind::Email.into(),
            address: format!("duty{number}@agency.example"),
            signature: 0,
        };
        cast.administrator.endpoints().create_endpoint(endpoint).await.unwrap();
        for kind in [EscalationKind::Emergency, EscalationKind::MandatoryReport] {
            let deadline =
                Timestamp { seconds: 4_000_000_000 - i64::try_from(number / 2).unwrap(), nanos: 0 };
            let report = Report {
                legal_basis: "act".to_owned(),
                deadline: Some(deadline),
                child_informed: true,
                ..Report::default()
            };
            let raise = RaiseEscalationRequest {
                request_id: request_id(),
                kind: kind.into(),
                // Nothing climbs by itself while the pages are turned.
                risk: Risk::Low.into(),
                danger: Danger::Violence.into(),
                report: (kind == EscalationKind::MandatoryReport).then_some(report),
                ..RaiseEscalationRequest::default()
            };
            let raised = cast.counsellor.escalations().raise_escalation(raise).await.unwrap().into_inner();
            let id = raised.escalation.unwrap().escalation_id;
            if kind == EscalationKind::Emergency {
                escalation_id.clone_from(&id);
                force(&cast.counsellor, &id).await;
            }
        }
        let stand_in = MakeStandInRequest {
            request_id: request_id(),
            schedule: WATCH.to_owned(),
            counsellor_id: counsellor_id.clone(),
            begin_time: None,
            end_time: Some(world.soon()),
        };
        cast.supervisor.plans().make_stand_in(stand_in).await.unwrap();
        let block = BlockSenderRequest {
            request_id: request_id(),
            sender: format!("+9745555010{number}"),
            reason: BlockReason::Prank.into(),
            ..BlockSenderRequest::default()
        };
        cast.supervisor.blocks().block_sender(block).await.unwrap();
    }
    for _ in 0..ROWS {
        let disclose = DiscloseRequest {
            request_id: request_id(),
            escalation_id: escalation_id.clone(),
            agency_id: agency_id.clone(),
            purpose: DisclosurePurpose::Emergency.into(),
            field_classes: vec![FieldClass::Location.into()],
            basis: DisclosureBasis::Consent.into(),
            consent_by: ConsentBy::Child.into(),
            ..DiscloseRequest::default()
        };
        cast.counsellor.disclosures().disclose(disclose).await.unwrap();
        let ask = AskSecondOpinionRequest {
            request_id: request_id(),
            escalation_id: escalation_id.clone(),
            ..AskSecondOpinionRequest::default()
        };
        cast.counsellor.consults().ask_second_opinion(ask).await.unwrap();
        force(&cast.counsellor, &escalation_id).await;
    }
    // Told to several ways at each step.
    let more = format!(
        "INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, event, kind, state, made_at, ended_at)
         SELECT centre_id, gen_random_uuid(), escalation_id, 'escalation.notified', 'supervisors', 'withdrawn', helpline.now(), helpline.now()
         FROM helpline.escalations, generate_series(1, {ROWS}) WHERE escalation_id = '{escalation_id}'"
    );
    world.database.query(&more).unwrap();
    let referral_id = referrals::fill(cast, ROWS).await;
    let case_id = casework::fill(cast, ROWS).await;
    let crossborder_id = crossborder::fill(cast, ROWS).await;
    school::fill(cast, ROWS).await;
    let cohort_id = reintegration::fill(cast, ROWS).await;
    shelter::fill(cast, ROWS, &case_id).await;
    BTreeMap::from([
        ("escalation_id", escalation_id),
        ("agency_id", agency_id),
        ("referral_id", referral_id),
        ("case_id", case_id),
        ("crossborder_id", crossborder_id),
        ("cohort_id", cohort_id),
    ])
}

async fn force(by: &Actor, escalation_id: &str) {
    let request = ForceNextStepRequest { request_id: request_id(), escalation_id: escalation_id.to_owned() };
    by.escalations().force_next_step(request).await.unwrap();
}

/// What is asked: everything that a list has, of these.
fn asked(cast: &Cast, name: &str, ids: &BTreeMap<&'static str, String>) -> List {
    let method = method(name);
    let mut request = DynamicMessage::new(schema::input(method));
    for (field, id) in ids {
        let known = well_formed(method).get_field_by_name(field).is_some();
        let of = match name {
            "ListTimeline" | "ListEndpoints" | "ListDisclosures" => true,
            "ListDeliveries" => *field != "referral_id",
            "ListReferralTimeline" | "ListConsents" => *field == "referral_id",
            "ListCaseTimeline" => *field == "case_id",
            "ListCrossBorderTimeline" | "ListCrossBorderConsents" => *field == "crossborder_id",
            "ListReturnees" => *field == "cohort_id",
            _ => false,
        };
        if known && of {
            request.set_field_by_name(field, Value::String(id.clone()));
        }
    }
    if name == "FindPersons" {
        let asked =
            FindPersonsRequest { identifier: Some(casework::identifier()), ..FindPersonsRequest::default() };
        request = DynamicMessage::decode(schema::input(method), asked.encode_to_vec().as_slice()).unwrap();
    }
    // The supervisor has referred and opened cases; of others' a counsellor knows nothing.
    let own = ["referral", "casework", "crossborder", "reintegration", "shelter"];
    let actor = if own.iter().any(|room| method.service.starts_with(&format!("helpline.{room}."))) {
        &cast.supervisor
    } else {
        cast.caller(method)
    };
    List { method, actor: actor.clone(), request }
}

#[tokio::test]
async fn no_list_is_forgotten() {
    let paged =
        METHODS.iter().filter(|method| schema::places(method).iter().any(|place| place.path == "page_token"));
    let unknown: Vec<_> = paged
        .map(|method| method.name)
        .filter(|name| !LISTS.contains(name) && !OTHERS.contains(name))
        .collect();
    assert!(unknown.is_empty(), "teach these tests to turn the pages of {unknown:?}");
}

#[tokio::test]
async fn every_list_is_walked_page_by_page_and_a_page_is_its_callers_and_its_questions_alone() {
    let cast = Cast::new().await;
    let ids = fill(&cast).await;
    let elsewhere = cast.world.another_centre().await;
    let mut newest = String::new();
    for name in LISTS {
        let list = asked(&cast, name, &ids);
        let (whole, end) =
            list.page(&cast, 500, "").await.unwrap_or_else(|refused| panic!("{name}: {refused:?}"));
        assert!(whole.len() >= ROWS && end.is_empty(), "{name}: {} rows", whole.len());
        let (mut walked, mut token, mut tokens) = (Vec::new(), String::new(), Vec::new());
        loop {
            let (entries, next) = list.page(&cast, PAGE, &token).await.unwrap();
            assert!(entries.len() == PAGE || next.is_empty(), "{name}: a short page that is not the last");
            walked.extend(entries);
            if next.is_empty() {
                break;
            }
            tokens.push(next.clone());
            token = next;
        }
        assert_eq!(walked, whole, "{name}: each once, in the same order");

        let token = tokens.first().unwrap();
        let again = list.page(&cast, PAGE, token).await.unwrap();
        assert_eq!(again.0, whole[PAGE..2 * PAGE], "{name}: a page can be asked for twice");
        let role = list.method.roles[0];
        let colleague = match role {
            helpline_proto::Role::Counsellor => cast.world.counsellor(crate::stage::abilities("ar")).await,
            helpline_proto::Role::Supervisor => cast.world.supervisor().await,
            helpline_proto::Role::Administrator => {
                cast.world.bearer(cast.world.centre.id, Role::Administrator, None).await
            }
            other => panic!("{name} is for {other:?}"),
        };
        let stranger = match role {
            helpline_proto::Role::Counsellor => {
                cast.world.counsellor_of(&elsewhere, crate::stage::abilities("ar")).await
            }
            helpline_proto::Role::Supervisor => cast.world.bearer(elsewhere.id, Role::Supervisor, None).await,
            _ => elsewhere.administrator.clone(),
        };
        for other in [&colleague, &stranger] {
            let refused = list.ask(&cast, other, &list.asking(PAGE, token)).await.expect_err(name);
            assert_no_page(&refused);
        }
        for forged in forgeries(token) {
            assert_no_page(&list.page(&cast, PAGE, &forged).await.expect_err(name));
        }
        for other in list.others(token) {
            let refused = list.ask(&cast, &list.actor, &other).await.expect_err(name);
            assert_no_page(&refused);
        }
        if !newest.is_empty() {
            assert_no_page(&list.page(&cast, PAGE, &newest).await.expect_err("a token of another list"));
        }
        newest.clone_from(token);
    }
    healthy(&cast.world).await;
}
