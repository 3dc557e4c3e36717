//! Something of every list about hand-overs across borders.

use helpline_tests::crossborder::{consent, lets_hand_over, prepare};
use helpline_tests::until;

use crate::cast::Cast;

/// As many rows of each; the id of a hand-over with as many entries and agreements. The pages are the cast's supervisor's.
pub(super) async fn fill(cast: &Cast, rows: usize) -> String {
    let by = &cast.supervisor;
    let agency = cast.world.agency().await;
    cast.world.change_settings(|settings| lets_hand_over(settings, "JO", &[agency])).await;
    let mut first = None;
    for _ in 0..rows {
        let opened = by.case_of_child().await;
        // Settings are known to a server for a moment after they have changed.
        let prepared = async || by.prepare_handover(prepare(&opened.case_id)).await.ok();
        let handover = until("it is prepared by the new settings", prepared).await;
        let id = first.get_or_insert(handover.crossborder_id);
        by.agree_abroad(consent(id, agency)).await.unwrap();
    }
    first.unwrap()
}
