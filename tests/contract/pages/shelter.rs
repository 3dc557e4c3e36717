//! Something of every list about help to return.

use helpline_proto::shelter::v1::ReturnSubject;
use helpline_tests::shelter::{cancels, start};

use crate::cast::Cast;

/// As many rows, of one case. The pages are the cast's supervisor's.
pub(super) async fn fill(cast: &Cast, rows: usize, case_id: &str) {
    let by = &cast.supervisor;
    for row in 0..rows {
        let help = by.start_return(start(case_id, ReturnSubject::Adult)).await.unwrap();
        if row + 1 < rows {
            by.cancel_return(cancels(&help.return_id)).await.unwrap();
        }
    }
}
