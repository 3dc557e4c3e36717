//! What must be true after every fault: nobody lost, nobody doubled, nothing held by nobody.

use std::time::Duration;

use helpline_proto::intake::v1::ContactState;
use helpline_queueing::matching::compare;
use helpline_tests::process::{Fleet, until};
use helpline_tests::{Actor, request_id};

use crate::load::arrival;
use crate::story::Board;

/// Everything a load has brought is there once, ended well, with its original place; capacity equals live holds; the
/// reconciler finds nothing.
pub(crate) async fn all_is_well(fleet: &Fleet, board: &Board, adapters: &[Actor]) {
    everybody_is_there_once(fleet, board, adapters).await;
    nothing_was_doubled(fleet);
    everything_agrees(fleet).await;
}

async fn everybody_is_there_once(fleet: &Fleet, board: &Board, adapters: &[Actor]) {
    let centre = fleet.centre;
    let stored = format!("SELECT count(*) FROM helpline.contacts WHERE centre_id = '{centre}'");
    assert_eq!(fleet.count(&stored), i64::try_from(board.stories.len()).expect("a count"), "contacts stored");
    for number in 0..board.stories.len() {
        let first = board.first_answer(number).expect("every contact was received");
        let mut client = adapters[number % adapters.len()].contacts();
        let again = client.receive_contact(arrival(board, number)).await.expect("a repeat").into_inner();
        let same = arrival(board, number);
        let same = client.receive_contact(helpline_proto::intake::v1::ReceiveContactRequest {
            request_id: request_id(),
            ..same
        });
        let same = same.await.expect("the same external id").into_inner();
        for answer in [again, same] {
            let contact = answer.contact.expect("the contact");
            assert!(answer.existing, "story {number} was received a second time");
            assert_eq!(contact.contact_id, first.contact_id, "story {number}");
            assert_eq!(contact.receive_time, first.receive_time, "story {number}: arrival");
            assert_eq!(contact.deadline_time, first.deadline_time, "story {number}: deadline");
            let ended = if board.stories[number].language.is_empty() {
                contact.state() == ContactState::Closed
            } else {
                matches!(contact.state(), ContactState::Abandoned | ContactState::ShortAbandoned)
            };
            assert!(ended, "story {number} ended as {:?}", contact.state());
        }
    }
}

/// No contact ever had two offers or two counsellors at once, and nobody ever more than they can hold.
pub(crate) fn nothing_was_doubled(fleet: &Fleet) {
    let centre = fleet.centre;
    let overlapping = format!(
        "SELECT count(*) FROM helpline.offers a JOIN helpline.offers b USING (centre_id, contact_id)
         WHERE centre_id = '{centre}' AND a.offer_id < b.offer_id AND a.group_id <> b.group_id
           AND tstzrange(a.offered_at, a.ended_at) && tstzrange(b.offered_at, b.ended_at)"
    );
    assert_eq!(fleet.count(&overlapping), 0, "two groups of offers of one contact at once");
    let doubled = format!(
        "SELECT count(*) FROM (
             SELECT contact_id FROM helpline.journal WHERE centre_id = '{centre}' AND event = 'contact_completed'
             GROUP BY contact_id HAVING count(*) > 1) doubled"
    );
    assert_eq!(fleet.count(&doubled), 0, "contacts signed off twice");
    let steps = format!(
        "SELECT count(*) FROM (
             SELECT contact_id FROM helpline.escalations WHERE centre_id = '{centre}' GROUP BY contact_id HAVING count(*) > 1
             UNION ALL
             SELECT escalation_id FROM helpline.escalation_events WHERE centre_id = '{centre}' AND event = 'step_taken'
             GROUP BY escalation_id, detail->>'rung' HAVING count(*) > 1
             UNION ALL
             SELECT escalation_id FROM helpline.escalations e WHERE centre_id = '{centre}' AND (ended_at IS NULL
                 OR event_count <> (SELECT count(*) FROM helpline.escalation_events v WHERE v.escalation_id = e.escalation_id))) doubled"
    );
    assert_eq!(
        fleet.count(&steps),
        0,
        "escalations or steps taken twice, lost, or without their entry of the timeline"
    );
    // Each acceptance but the last was given back.
    let accepted = format!(
        "SELECT count(*) FROM (
             SELECT contact_id FROM helpline.journal WHERE centre_id = '{centre}'
             GROUP BY contact_id
             HAVING count(*) FILTER (WHERE event = 'offer_accepted')
                 > 1 + count(*) FILTER (WHERE event IN ('contact_transferred', 'contact_resumed', 'contact_pulled')
                     OR event = 'callback_attempted' AND detail->>'to' = 'promised')) doubled"
    );
    assert_eq!(fleet.count(&accepted), 0, "contacts accepted twice");
    let beyond = format!(
        "SELECT count(*) FROM helpline.presences WHERE centre_id = '{centre}'
           AND (held_voice > max_voice OR held_chat > max_chat OR held_message > max_message)"
    );
    assert_eq!(fleet.count(&beyond), 0, "counsellors holding more than they can");
}

/// Rows agree with rows and with the view, and no server has ever repaired anything that lasted.
pub(crate) async fn everything_agrees(fleet: &Fleet) {
    let ctx = fleet.ctx();
    let rows = ctx.store.compare(fleet.centre).await.expect("a comparison of rows");
    assert!(rows.is_none(), "rows differ: {rows:?}");
    let found = compare(&ctx, fleet.centre).await.expect("a comparison");
    assert!(found.is_none(), "the reconciler found {found:?}");
    for server in fleet.servers() {
        let repairs = server.metric("reconciler_repairs_total");
        assert!(repairs == 0.0, "{repairs} repairs");
    }
}

/// Which generation of the view is in force.
pub(crate) fn generation(fleet: &Fleet) -> i64 {
    fleet.count(&format!("SELECT generation FROM helpline.centres WHERE centre_id = '{}'", fleet.centre))
}

/// Waits until a view in Redis that is newer than `old` holds everybody who waits; how long that took.
pub(crate) async fn view_is_filled(fleet: &Fleet, old: i64, patience: Duration) -> Duration {
    let ctx = fleet.ctx();
    let waiting = format!(
        "SELECT count(*) FROM helpline.contacts WHERE centre_id = '{}' AND state = 'waiting'",
        fleet.centre
    );
    let filled = until("a new view that holds all who wait", patience, || async {
        let generation = ctx.store.generation(fleet.centre).await.ok()?;
        let view = ctx.mirror.live().line(fleet.centre, generation);
        let in_force = generation > old && view.in_force().await.ok()?;
        let there = i64::try_from(view.all().await.ok()?.len()).ok()?;
        (in_force && there >= fleet.count(&waiting)).then_some(())
    });
    filled.await.1
}
