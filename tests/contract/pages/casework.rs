//! Something of every list about persons, cases, tasks and assessments.

use helpline_tests::assessments::SCREENING;
use helpline_tests::casework::{note, open, profile, visit};

use crate::cast::Cast;

/// By what the persons of these tests are found.
pub(super) const TELEPHONE: &str = "+77015550199";

/// As many rows of each; the id of a case with as many entries. The pages are the cast's supervisor's.
pub(super) async fn fill(cast: &Cast, rows: usize) -> String {
    let by = &cast.supervisor;
    let mut first = None;
    for _ in 0..rows {
        let child = by.record_person("Aigerim", TELEPHONE).await.person_id;
        let sibling = by.record_person("Daniyar", "+77015550100").await.person_id;
        by.ask_merge(&child, &sibling).await.unwrap();
        let case_id = by.open_case(open(&child)).await.unwrap().case_id;
        by.start_assessment(&case_id, SCREENING).await.unwrap();
        let case_id = first.get_or_insert(case_id);
        by.write_section(note(case_id, "She eats again.")).await.unwrap();
        by.add_task(visit(case_id, cast.world.soon())).await.unwrap();
    }
    first.unwrap()
}

/// The identifier that everybody of these tests has.
pub(super) fn identifier() -> helpline_proto::casework::v1::PersonIdentifier {
    profile("", TELEPHONE).identifiers.remove(0)
}
