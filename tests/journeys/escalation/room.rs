//! What every story of an emergency needs: desks that watch, and what people say.

use helpline_domain::id::AgencyId;
use helpline_proto::escalation::v1::watch_escalations_response::Event;
use helpline_proto::escalation::v1::{
    AcceptEscalationRequest, AcknowledgeEscalationRequest, AskToEndRequest, Danger, DecideEndRequest,
    DeclineEscalationRequest, Escalation, EscalationDeclineReason, EscalationKind, EscalationState,
    GetEscalationRequest, HandOverEscalationRequest, ListTimelineRequest, Location, LocationSource, Outcome,
    Particulars, RaiseEscalationRequest, ReportProgressRequest, ResolveEscalationRequest,
    WatchEscalationsRequest, WatchEscalationsResponse,
};
use helpline_proto::terms::v1::Risk;
use helpline_tests::{Actor, request_id};
use tonic::{Code, Status, Streaming};

use crate::stage::{PATIENCE, Stage, until};

/// Somebody who watches escalations.
pub(crate) struct Watcher {
    pub(crate) actor: Actor,
    stream: Streaming<WatchEscalationsResponse>,
}

impl Watcher {
    pub(crate) async fn open(actor: Actor) -> Self {
        let stream = actor.escalations().watch_escalations(WatchEscalationsRequest {}).await.unwrap();
        let mut watcher = Self { actor, stream: stream.into_inner() };
        while !matches!(watcher.next().await, Event::Synced(_)) {}
        watcher
    }

    pub(crate) async fn next(&mut self) -> Event {
        let message =
            tokio::time::timeout(PATIENCE, self.stream.message()).await.expect("something comes in time");
        message.unwrap().expect("the stream goes on").event.expect("an event")
    }

    /// Waits until an escalation is shown as it must be.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Escalation) -> bool) -> Escalation {
        let begun = std::time::Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "not shown in time: {what}");
            if let Event::Escalation(one) = self.next().await
                && holds(&one)
            {
                return one;
            }
        }
    }

    /// Waits until it is taken from the desk.
    pub(crate) async fn until_withdrawn(&mut self, of: &Escalation) {
        loop {
            if let Event::WithdrawnEscalationId(id) = self.next().await {
                assert_eq!(id, of.escalation_id);
                return;
            }
        }
    }

    /// Waits until the stream is ended by the server; why.
    pub(crate) async fn end(&mut self) -> Code {
        loop {
            match tokio::time::timeout(PATIENCE, self.stream.message()).await.expect("it ends in time") {
                Ok(Some(_)) => {}
                Ok(None) => return Code::Ok,
                Err(status) => return status.code(),
            }
        }
    }

    pub(crate) async fn until_state(&mut self, of: &Escalation, state: EscalationState) -> Escalation {
        self.until(&format!("{state:?}"), |one| one.escalation_id == of.escalation_id && one.state() == state)
            .await
    }
}

/// A report without a contact.
pub(crate) fn report(risk: Risk) -> RaiseEscalationRequest {
    RaiseEscalationRequest {
        request_id: request_id(),
        kind: EscalationKind::Emergency.into(),
        risk: risk.into(),
        danger: Danger::Violence.into(),
        region: "north".to_owned(),
        particulars: Some(Particulars {
            identity: "Salma, about nine".to_owned(),
            contact: "a neighbour's telephone".to_owned(),
            narrative: "Somebody is hitting her.".to_owned(),
            health: "asthma".to_owned(),
            perpetrator: "an uncle".to_owned(),
        }),
        location: Some(Location {
            place: "Behind the school".to_owned(),
            source: LocationSource::Said.into(),
            ..Location::default()
        }),
        ..RaiseEscalationRequest::default()
    }
}

pub(crate) async fn raise(actor: &Actor, request: RaiseEscalationRequest) -> Escalation {
    actor.escalations().raise_escalation(request).await.unwrap().into_inner().escalation.unwrap()
}

pub(crate) async fn get(actor: &Actor, of: &Escalation) -> Result<Escalation, Status> {
    let request = GetEscalationRequest { escalation_id: of.escalation_id.clone() };
    Ok(actor.escalations().get_escalation(request).await?.into_inner().escalation.unwrap())
}

pub(crate) async fn acknowledge(actor: &Actor, of: &Escalation) -> Result<Escalation, Status> {
    let request =
        AcknowledgeEscalationRequest { request_id: request_id(), escalation_id: of.escalation_id.clone() };
    Ok(actor.escalations().acknowledge_escalation(request).await?.into_inner().escalation.unwrap())
}

pub(crate) async fn accept(actor: &Actor, of: &Escalation) -> Result<Escalation, Status> {
    let request =
        AcceptEscalationRequest { request_id: request_id(), escalation_id: of.escalation_id.clone() };
    Ok(actor.escalations().accept_escalation(request).await?.into_inner().escalation.unwrap())
}

pub(crate) async fn decline(actor: &Actor, of: &Escalation) -> Result<Escalation, Status> {
    Ok(give_back(actor, of).await?.unwrap())
}

/// Declines what the actor may see only for having it: nothing of it then.
pub(crate) async fn give_back(actor: &Actor, of: &Escalation) -> Result<Option<Escalation>, Status> {
    let request = DeclineEscalationRequest {
        request_id: request_id(),
        escalation_id: of.escalation_id.clone(),
        reason: EscalationDeclineReason::NoCapacity.into(),
        remark: "Every car is out.".to_owned(),
    };
    Ok(actor.escalations().decline_escalation(request).await?.into_inner().escalation)
}

pub(crate) async fn progress(
    actor: &Actor,
    of: &Escalation,
    state: EscalationState,
) -> Result<Escalation, Status> {
    let request = ReportProgressRequest {
        request_id: request_id(),
        escalation_id: of.escalation_id.clone(),
        state: state.into(),
        remark: String::new(),
    };
    Ok(actor.escalations().report_progress(request).await?.into_inner().escalation.unwrap())
}

pub(crate) async fn resolve(actor: &Actor, of: &Escalation) -> Result<Escalation, Status> {
    let request = ResolveEscalationRequest {
        request_id: request_id(),
        escalation_id: of.escalation_id.clone(),
        outcome: Outcome::TakenToSafety.into(),
        ..ResolveEscalationRequest::default()
    };
    Ok(actor.escalations().resolve_escalation(request).await?.into_inner().escalation.unwrap())
}

pub(crate) async fn ask_to_end(
    actor: &Actor,
    of: &Escalation,
    state: EscalationState,
) -> Result<Escalation, Status> {
    let request = AskToEndRequest {
        request_id: request_id(),
        escalation_id: of.escalation_id.clone(),
        state: state.into(),
        reason: "search_ended".to_owned(),
        remark: String::new(),
    };
    Ok(actor.escalations().ask_to_end(request).await?.into_inner().escalation.unwrap())
}

pub(crate) async fn decide(actor: &Actor, of: &Escalation, approve: bool) -> Result<Escalation, Status> {
    let request = DecideEndRequest {
        request_id: request_id(),
        escalation_id: of.escalation_id.clone(),
        approve,
        remark: String::new(),
    };
    Ok(actor.escalations().decide_end(request).await?.into_inner().escalation.unwrap())
}

pub(crate) async fn hand_over(
    actor: &Actor,
    of: &Escalation,
    agency: AgencyId,
) -> Result<Escalation, Status> {
    let request = HandOverEscalationRequest {
        request_id: request_id(),
        escalation_id: of.escalation_id.clone(),
        agency_id: agency.to_string(),
        their_incident: "MOI 77-12".to_owned(),
    };
    Ok(actor.escalations().hand_over_escalation(request).await?.into_inner().escalation.unwrap())
}

/// Waits until the servers have taken whatever is due at this moment: another escalation, in no danger at all, falls due,
/// and the gravest go first.
pub(crate) async fn a_look(stage: &Stage) {
    let other = raise(&stage.supervisor, report(Risk::None)).await;
    let id = &other.escalation_id;
    stage.sql(&format!(
        "UPDATE helpline.escalations SET due_at = helpline.now() WHERE escalation_id = '{id}'"
    ));
    until("what is due is taken", async || {
        (get(&stage.supervisor, &other).await.unwrap().rung > other.rung).then_some(())
    })
    .await;
}

/// The events of a timeline as somebody sees it.
pub(crate) async fn timeline(actor: &Actor, of: &Escalation) -> Vec<String> {
    let request =
        ListTimelineRequest { escalation_id: of.escalation_id.clone(), ..ListTimelineRequest::default() };
    let entries = actor.escalations().list_timeline(request).await.unwrap().into_inner().entries;
    entries.into_iter().map(|entry| entry.event).collect()
}
