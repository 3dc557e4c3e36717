//! Rows about children who come back together.

use helpline_tests::Actor;
use helpline_tests::crossborder::ahead;
use helpline_tests::reintegration::{announce, child, grant};

/// Makes them.
pub(super) async fn announce_children(supervisor: &Actor, counsellor: &Actor) {
    let cohort_id = supervisor.create_cohort(ahead(3600)).await.cohort_id;
    supervisor.cohorts().grant_cohort(grant(&cohort_id, &counsellor.counsellor_id)).await.unwrap();
    supervisor.announce(announce(&cohort_id, vec![child("a", "f"), child("b", "f")])).await.unwrap();
}
