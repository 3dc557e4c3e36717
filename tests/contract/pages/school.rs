//! Reports of abuse at schools to turn the pages of.

use helpline_tests::school::file;

use crate::cast::Cast;
use crate::stage::{new_language, receive};

/// As many rows.
pub(super) async fn fill(cast: &Cast, rows: usize) {
    for _ in 0..rows {
        let contact = receive(&cast.adapter, &new_language()).await;
        cast.supervisor.file_report(file(&contact.contact_id)).await.unwrap();
    }
}
