//! A server dies at every place where it could leave something half done.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;
use std::time::Duration;

use helpline_devstack::StackOptions;
use helpline_domain::caller::Role;
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AskChildAlertRequest, EscalationState, Outcome, ReportProgressRequest,
    ResolveEscalationRequest,
};
use helpline_proto::intake::v1::{BlockReason, BlockSenderRequest};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Channel;
use helpline_service_kit::fail_point::FAIL_POINTS;
use helpline_tests::child_alert::{content, report_of_a_missing_child};
use helpline_tests::process::{Fleet, FleetOptions, private_stack, retry, until};
use helpline_tests::{Actor, request_id};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::afterwards::all_is_well;
use crate::emergency;
use crate::load::Load;
use crate::story::{Act, Board};

/// How long a load may take to come past a place, and to finish afterwards.
const PATIENCE: Duration = Duration::from_mins(1);
/// Places tried at once: each mostly waits.
const AT_ONCE: usize = 4;
const SIGKILL: i32 = 9;

/// A load that passes through every write path at least twice.
fn board() -> Board {
    use Act::{Decline, Ignore, Leave, Miss, Pause, Promise, Talk, Transfer};
    let mut board = Board::new();
    for acts in [
        &[Talk][..],
        &[Ignore, Talk],
        &[Decline, Talk],
        &[Pause, Talk],
        &[Transfer, Talk],
        &[Leave],
        &[Transfer, Decline, Leave],
        &[Pause, Ignore, Talk],
        &[],
    ] {
        board.add_many(2, Channel::WebChat, acts);
    }
    board.add_many(2, Channel::Voice, &[Talk]);
    board.add_many(3, Channel::Sms, &[Promise, Miss, Talk]);
    board
}

/// A place that a load comes past only when clients are lost, contacts handed on, or a queue asks for less in time: with
/// what board, after how many seconds of silence, under which settings.
fn special(place: &str) -> Option<(Board, u32, &'static str)> {
    let mut board = Board::new();
    match place {
        "expire.after_commit" => {
            // Nobody pauses: who does gives the offer back before it has rung out.
            board.add_many(6, Channel::WebChat, &[Act::Ignore, Act::Talk]);
            Some((board, FleetOptions::default().presence_ttl_s, SETTINGS))
        }
        "resume.after_commit" => {
            board.add_many(4, Channel::WebChat, &[Act::Vanish, Act::Talk]);
            Some((board, 2, SETTINGS))
        }
        "invite.after_commit" | "take_over.after_commit" => {
            board.add_many(4, Channel::WebChat, &[Act::HandOn]);
            board.add_many(2, Channel::WebChat, &[Act::Talk]);
            Some((board, FleetOptions::default().presence_ttl_s, SETTINGS))
        }
        "opinion.after_commit" | "opinion.after_alarm" => {
            board.add_many(6, Channel::WebChat, &[Act::Consult]);
            Some((board, FleetOptions::default().presence_ttl_s, UNANSWERED))
        }
        "raise.before_commit"
        | "raise.after_commit"
        | "climb.before_commit"
        | "climb.after_commit"
        | "escalation.after_commit" => {
            board.add_many(4, Channel::WebChat, &[Act::Escalate]);
            board.add_many(2, Channel::WebChat, &[Act::Talk]);
            Some((board, FleetOptions::default().presence_ttl_s, SETTINGS))
        }
        "take_up.after_commit" => {
            // More than three can hold: each of the four has one in hand when the critical calls come.
            board.add_many(16, Channel::Email, &[Act::Hold]);
            board.add_critical(24);
            Some((board, FleetOptions::default().presence_ttl_s, TIRELESS))
        }
        "relax.after_commit" => {
            board.add_many(4, Channel::WebChat, &[Act::Talk]);
            Some((board, 15, SOFT))
        }
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_half_done_wherever_a_server_is_killed() {
    let stack = private_stack(StackOptions::default());
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut places = JoinSet::new();
    // What lies between two centres, what is sent outside, what is rare in an emergency, and referrals have stories of their
    // own.
    let elsewhere = |place: &str| {
        [
            "overflow.",
            "delivery.",
            "link.",
            "referral.",
            "hold.",
            "case.",
            "task.",
            "assessment.",
            "crossborder.",
            "school_report.",
            "survey.",
            "reintegration.",
            "shelter.",
        ]
        .iter()
        .any(|one| place.starts_with(one))
            || emergency::PLACES.contains(&place)
    };
    for place in FAIL_POINTS.iter().filter(|place| !elsewhere(place)) {
        let (stack, permits) = (Arc::clone(&stack), Arc::clone(&permits));
        places.spawn(async move {
            let _permit = permits.acquire_owned().await.expect("a permit");
            let usual = FleetOptions::default();
            let (board, presence_ttl_s, settings) =
                special(place).unwrap_or_else(|| (board(), usual.presence_ttl_s, SETTINGS));
            let options = FleetOptions {
                presence_ttl_s,
                testing: format!("kill_at = \"{place}@2\""),
                settings: settings.to_owned(),
                ..usual
            };
            kill_at(place, Fleet::start_on(stack, options).await, board).await;
        });
    }
    let mut failed = 0;
    while let Some(done) = places.join_next().await {
        failed += usize::from(done.is_err());
    }
    assert_eq!(failed, 0, "places that failed; each has said why above");
}

/// Offers that end soon, and everybody may be asked again at once.
pub(crate) const SETTINGS: &str = r#"{"offer_timeout_s": 2, "critical_offer_timeout_s": 2, "missed_offer_limit": 100,
    "cool_down_s": 0, "reserve": 0, "resumption": {"resume_after_s": 1}, "callbacks": {"retry_after_s": 1}}"#;

/// Second opinions that are overdue at once.
const UNANSWERED: &str = r#"{"second_opinion_s": 0, "reserve": 0}"#;
/// Nobody has to pause after severe contacts.
const TIRELESS: &str = r#"{"offer_timeout_s": 2, "critical_offer_timeout_s": 2, "missed_offer_limit": 100, "cool_down_s": 0,
    "reserve": 0, "care": {"severe_limit": 100}}"#;

/// A queue that asks for a skill nobody has, for a second.
const SOFT: &str = r#"{"reserve": 0, "skills": ["law"], "queues": [{"queue": "general", "required_skills": {"law": 3},
    "relaxations": [{"after_s": 1, "skill": "law", "level": 0}]}]}"#;

async fn kill_at(place: &str, mut fleet: Fleet, board: Board) {
    let blocking = (place == "block.after_commit")
        .then(|| tokio::spawn(block_senders(fleet.bearer(Role::Supervisor, None))));
    let searching = (place == "child_alert.after_commit")
        .then(|| tokio::spawn(search(fleet.bearer(Role::Supervisor, None), agency(&fleet))));
    let load = Load::begin(&fleet, board, 4, Duration::from_millis(5));
    let (status, took) = until(&format!("the server dies at {place}"), PATIENCE, || {
        std::future::ready(fleet.server(0).status())
    })
    .await;
    assert_eq!(status.signal(), Some(SIGKILL), "{place}: {status}");
    fleet.restart(0, "");
    let begun = std::time::Instant::now();
    let (board, adapters) = load.finish(PATIENCE).await;
    println!("{place}: hit after {took:.1?}, all over {:.1?} after the restart", begun.elapsed());
    if let Some(blocking) = blocking {
        blocking.await.expect("the supervisor's calls");
        assert_eq!(fleet.count("SELECT count(*) FROM helpline.journal WHERE event = 'sender_blocked'"), 3);
    }
    if let Some(searching) = searching {
        searching.await.expect("the supervisor's calls");
        assert_eq!(fleet.count("SELECT count(*) FROM helpline.journal WHERE event = 'child_alert_asked'"), 3);
    }
    all_is_well(&fleet, &board, &adapters).await;
}

/// An agency that may be told where a child is.
fn agency(fleet: &Fleet) -> String {
    let agency_id = request_id();
    fleet.sql(&format!(
        "INSERT INTO helpline.agencies (centre_id, agency_id, display_name, kind, field_classes)
         VALUES ('{}', '{agency_id}', 'An agency', 'police', '{{location}}')",
        fleet.centre
    ));
    agency_id
}

/// A supervisor reports a missing child, asks for alerts, and ends it; each is asked again until it is answered.
async fn search(supervisor: Actor, agency_id: String) {
    let report = report_of_a_missing_child();
    let raised = retry("report a missing child", PATIENCE, || {
        let (mut client, request) = (supervisor.escalations(), report.clone());
        async move { client.raise_escalation(request).await }
    });
    let escalation_id =
        raised.await.expect("an escalation").escalation.expect("the escalation").escalation_id;
    for _ in 0..3 {
        let mut content = content(&[&agency_id]);
        content.field_classes = vec![FieldClass::Location.into()];
        let request = AskChildAlertRequest {
            request_id: request_id(),
            escalation_id: escalation_id.clone(),
            content: Some(content),
        };
        let asked = retry("ask for an alert", PATIENCE, || {
            let (mut client, request) = (supervisor.child_alerts(), request.clone());
            async move { client.ask_child_alert(request).await }
        });
        asked.await.expect("an alert");
    }
    let accept = AcceptEscalationRequest { request_id: request_id(), escalation_id: escalation_id.clone() };
    let reached = ReportProgressRequest {
        request_id: request_id(),
        escalation_id: escalation_id.clone(),
        state: EscalationState::ChildReached.into(),
        remark: String::new(),
    };
    let resolve = ResolveEscalationRequest {
        request_id: request_id(),
        escalation_id,
        outcome: Outcome::SafeInPlace.into(),
        ..ResolveEscalationRequest::default()
    };
    let mut client = supervisor.escalations();
    client.accept_escalation(accept).await.expect("taken on");
    client.report_progress(reached).await.expect("reached");
    client.resolve_escalation(resolve).await.expect("resolved");
}

/// A supervisor blocks senders, and asks again until each is answered.
async fn block_senders(supervisor: Actor) {
    for sender in ["+97455550101", "+97455550102", "+97455550103"] {
        let request = BlockSenderRequest {
            request_id: request_id(),
            sender: sender.to_owned(),
            reason: BlockReason::Nuisance.into(),
            ..BlockSenderRequest::default()
        };
        let blocked = retry("block a sender", PATIENCE, || {
            let (mut client, request) = (supervisor.blocks(), request.clone());
            async move { client.block_sender(request).await }
        });
        blocked.await.expect("a block");
    }
}
