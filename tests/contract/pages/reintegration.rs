//! Something of every list about children who come back together.

use helpline_tests::crossborder::ahead;
use helpline_tests::reintegration::{announce, child};

use crate::cast::Cast;

/// As many cohorts; the id of one with as many children. The pages are the cast's supervisor's.
pub(super) async fn fill(cast: &Cast, rows: usize) -> String {
    let by = &cast.supervisor;
    for _ in 1..rows {
        by.create_cohort(ahead(3600)).await;
    }
    let cohort_id = by.create_cohort(ahead(3600)).await.cohort_id;
    let children = (0..rows).map(|row| child(&format!("k{row}"), "")).collect();
    by.announce(announce(&cohort_id, children)).await.unwrap();
    cohort_id
}
