//! The floor as a wallboard shows it: everything at first, then what changed. It reads the board that all streams of the
//! process share and asks the database nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::{Stream, StreamExt as _};
use helpline_domain::alert::Alert;
use helpline_domain::caller::Caller;
use helpline_proto::queueing::v1::{CounsellorOnFloor, FloorSlot, WatchFloorResponse};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::alert::AlertRow;
use tonic::Status;
use uuid::Uuid;

use crate::watch_queue_status::{FloorNow, StatusBoard, known_queue};
use crate::wire::alert;

/// Watches the floor, or one queue of it. Error: INVALID_FIELD for a queue that is not there.
pub(crate) async fn watch_floor(
    ctx: &Ctx,
    board: &StatusBoard,
    caller: &Caller,
    queue: String,
) -> Result<impl Stream<Item = Result<WatchFloorResponse, Status>> + Send + use<>, Refusal> {
    known_queue(ctx, caller.centre_id, &queue).await?;
    let mut shown = Shown { queue, supervises: alert::supervises(caller), ..Shown::default() };
    Ok(board
        .latest(caller.centre_id)
        .filter_map(move |now| std::future::ready(now.map(|now| Ok(shown.show(&now))))))
}

/// What the client has been shown.
#[derive(Default)]
struct Shown {
    queue: String,
    supervises: bool,
    people: HashMap<String, CounsellorOnFloor>,
    slots: BTreeMap<i64, FloorSlot>,
    day: Option<chrono::DateTime<chrono::Utc>>,
    /// Open alerts with their revisions.
    alerts: HashMap<Uuid, i64>,
}

impl Shown {
    fn show(&mut self, now: &FloorNow) -> WatchFloorResponse {
        let snapshot = self.day.is_none();
        let counsellors = self.changed_people(&now.people);
        let there: HashSet<&str> = now.people.iter().map(id_of).collect();
        let left: Vec<String> =
            self.people.keys().filter(|id| !there.contains(id.as_str())).cloned().collect();
        for id in &left {
            self.people.remove(id);
        }
        let mut response = WatchFloorResponse {
            floor_time: now.status.status_time,
            snapshot,
            counsellors,
            left_counsellor_ids: left,
            ..WatchFloorResponse::default()
        };
        if self.day != Some(now.day.at) {
            self.day = Some(now.day.at);
            response.slots = self.changed_slots(now.day.slots(&self.queue));
            response.service = now.day.service(&self.queue);
            response.kept_free_share = now.day.kept_free_share();
        }
        let told = |row: &&AlertRow| {
            let Alert { kind, subject } = &row.alert;
            self.supervises || !(subject.is_for_supervisors() || kind.is_for_supervisors())
        };
        for row in now.alerts.iter().filter(told) {
            let (id, open) = (row.alert_id, row.closed_at.is_none());
            let known = self.alerts.get(&id).copied();
            // Who was never shown that it is open need not hear that it is closed.
            if known.is_some_and(|revision| revision < row.revision) || (known.is_none() && open) {
                response.alerts.push(alert::message(row));
            }
            if open {
                self.alerts.insert(id, row.revision);
            } else {
                self.alerts.remove(&id);
            }
        }
        response
    }

    fn changed_people(&mut self, people: &[CounsellorOnFloor]) -> Vec<CounsellorOnFloor> {
        let mut changed = Vec::new();
        for one in people {
            if self.people.get(id_of(one)) != Some(one) {
                self.people.insert(id_of(one).to_owned(), one.clone());
                changed.push(one.clone());
            }
        }
        changed
    }

    fn changed_slots(&mut self, slots: Vec<FloorSlot>) -> Vec<FloorSlot> {
        let start = |slot: &FloorSlot| slot.start_time.map_or(0, |time| time.seconds);
        let oldest = slots.first().map_or(0, start);
        self.slots.retain(|at, _| *at >= oldest);
        let mut changed = Vec::new();
        for slot in slots {
            let at = start(&slot);
            if self.slots.get(&at) != Some(&slot) {
                self.slots.insert(at, slot.clone());
                changed.push(slot);
            }
        }
        changed
    }
}

fn id_of(one: &CounsellorOnFloor) -> &str {
    one.presence.as_ref().map_or("", |presence| presence.counsellor_id.as_str())
}
