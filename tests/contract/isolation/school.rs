//! Rows about a report of abuse at a school, and about a survey.

use helpline_tests::Actor;
use helpline_tests::school::{file, survey};

/// Makes them of a contact that has ended.
pub(super) async fn report(adapter: &Actor, supervisor: &Actor, contact_id: &str) {
    supervisor.file_report(file(contact_id)).await.unwrap();
    adapter.surveys().record_survey(survey(contact_id)).await.unwrap();
}
