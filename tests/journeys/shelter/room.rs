//! A shelter with beds, and people who live there.

use helpline_domain::id::AgencyId;
use helpline_proto::casework::v1::{ListTasksRequest, Task};
use helpline_proto::queueing::v1::{Alert, AlertKind};
use helpline_proto::referral::v1::Admission;
use helpline_tests::Actor;
use prost_types::Timestamp;
use serde_json::{Value, json};

use crate::alerts::listed;
use crate::stage::{Stage, chat, until};

pub(super) const DAY: i64 = 24 * 3600;

/// A shelter, somebody who answers for it, and a second supervisor.
pub(super) struct House {
    pub(super) stage: Stage,
    pub(super) agency: AgencyId,
    pub(super) service: String,
    pub(super) responder: Actor,
    pub(super) another: Actor,
}

impl House {
    pub(super) async fn new(beds: i32) -> Self {
        let stage = Stage::set().await;
        let agency = stage.world.agency().await;
        let responder = stage.world.responder(agency).await;
        let service = stage.world.service(agency).await;
        responder.has_beds(&service, beds).await;
        let another = stage.world.supervisor().await;
        Self { stage, agency, service, responder, another }
    }

    /// One of a protected address, with one bed, in a world of its own that is like any other but for that.
    pub(super) async fn at(listed: &Value, protected: bool) -> Self {
        let stage = Stage::set().await;
        let agency = stage.world.agency().await;
        let responder = stage.world.responder(agency).await;
        stage.world.listed(stage.world.centre.id, listed).await;
        let service = listed["id"].as_str().unwrap().to_owned();
        if protected {
            stage.world.protect(&service, agency).await;
        } else {
            stage.world.answered_by(stage.world.centre.id, service.parse().unwrap(), agency).await;
        }
        responder.has_beds(&service, 1).await;
        let another = stage.world.supervisor().await;
        Self { stage, agency, service, responder, another }
    }

    pub(super) fn by(&self) -> &Actor {
        &self.stage.supervisor
    }

    /// Somebody of a case, or of none, who lives there.
    pub(super) async fn resident(&self, case_id: &str) -> Admission {
        let contact = self.stage.receive(chat("ar")).await.contact_id;
        self.by().takes_in_from(&contact, &self.service, case_id).await
    }

    /// So many seconds from the stage's clock.
    pub(super) fn later(&self, seconds: i64) -> Timestamp {
        let now: f64 = self.stage.value("SELECT extract(epoch FROM helpline.now())").parse().unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
        Timestamp { seconds: now as i64 + seconds, nanos: 0 }
    }

    /// Moves the clock.
    pub(super) fn wait(&self, seconds: i64) {
        #[expect(clippy::cast_precision_loss, reason = "days in seconds")]
        self.stage.world.advance(seconds as f64);
    }

    /// Open alerts of a kind about a stay or about help to return.
    pub(super) async fn alerts(&self, kind: AlertKind, id: &str) -> Vec<Alert> {
        let open = listed(self.by(), true).await;
        open.into_iter()
            .filter(|one| one.kind() == kind && [&one.admission_id, &one.return_id].contains(&&id.to_owned()))
            .collect()
    }

    /// Waits until there are so many.
    pub(super) async fn until_alerts(&self, kind: AlertKind, id: &str, count: usize) {
        let what = format!("{count} alerts {}", kind.as_str_name());
        until(&what, async || (self.alerts(kind, id).await.len() == count).then_some(())).await;
    }

    /// Open tasks of a case: what is to be done, and in how many days.
    pub(super) async fn tasks(&self, case_id: &str) -> Vec<(String, i64)> {
        let request = ListTasksRequest { case_id: case_id.to_owned(), ..ListTasksRequest::default() };
        let tasks = self.by().tasks().list_tasks(request).await.unwrap().into_inner().tasks;
        let now = self.later(0).seconds;
        let open = tasks.into_iter().filter(|one| one.end_time.is_none());
        let days = |one: Task| {
            let left = one.due_time.unwrap().seconds - now;
            (one.task, (left + DAY / 2) / DAY)
        };
        let mut tasks: Vec<_> = open.map(days).collect();
        tasks.sort_by_key(|(_, days)| *days);
        tasks
    }
}

/// A house in a street of a city at a point, with the same ids in every world.
pub(super) fn house_in(street: &str, city: &str, (latitude, longitude): (f64, f64)) -> Value {
    let id = |kind: u32| format!("{kind:08x}-0000-4000-8000-000000000001");
    json!({
        "id": id(1), "service_areas": [],
        "phones": [{"id": id(2), "number": format!("+974 {latitude}"), "location_id": id(4)}],
        "service_at_locations": [{"id": id(3), "location": {
            "id": id(4), "location_type": "physical", "name": format!("The house in {street}"),
            "latitude": latitude, "longitude": longitude, "transportation": format!("Ask for {street}"),
            "addresses": [{"id": id(5), "address_1": street, "city": city, "address_type": "physical"}]}}],
    })
}

/// The one that must not be found.
pub(super) fn hidden_house() -> Value {
    house_in("Hidden street", "Lusail", (25.28, 51.53))
}

/// Calls that are due in so many days.
pub(super) fn calls(days: &[i64]) -> Vec<(String, i64)> {
    days.iter().map(|&day| ("follow_up_call".to_owned(), day)).collect()
}
