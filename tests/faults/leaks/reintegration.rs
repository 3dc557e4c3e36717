//! Children who come back together, with a marker in each of their personal fields.

use helpline_domain::caller::Role;
use helpline_proto::casework::v1::PersonProfile;
use helpline_proto::reintegration::v1::{AnnouncedChild, CreateCohortRequest};
use helpline_tests::crossborder::ahead;
use helpline_tests::process::Fleet;
use helpline_tests::reintegration::{announce, child, create, settle};
use tonic::Status;

use super::scan::Markers;

/// Announced and read, and what is refused meanwhile.
pub(super) async fn play(fleet: &Fleet, markers: &Markers, statuses: &mut Vec<(&'static str, Status)>) {
    let by = fleet.bearer(Role::Supervisor, None);
    let marker = |field: &str| markers.of(field).to_owned();
    let named = CreateCohortRequest { display_name: marker("cohort_name"), ..create(ahead(3600)) };
    let cohort = by.cohorts().create_cohort(named).await.expect("a cohort").into_inner().cohort;
    let cohort = cohort.expect("the cohort");
    assert_eq!(cohort.display_name, marker("cohort_name"));
    let known = PersonProfile { names: vec![marker("returnee_name")], ..PersonProfile::default() };
    let one = AnnouncedChild { profile: Some(known.clone()), ..child(&marker("returnee_key"), "one family") };
    let all = by.announce(announce(&cohort.cohort_id, vec![one.clone()])).await.expect("a child");
    assert_eq!(all[0].list_key, marker("returnee_key"));
    let again = by.announce(announce(&cohort.cohort_id, vec![one.clone()])).await;
    statuses.push(("a key of a list again", again.expect_err("announced")));
    let born = PersonProfile { birth_date: marker("returnee_name"), ..known };
    let wrong = AnnouncedChild { profile: Some(born), ..one };
    let wrong = by.announce(announce(&cohort.cohort_id, vec![wrong])).await;
    statuses.push(("a name as a date of a child", wrong.expect_err("no date")));
    by.returnees(&cohort.cohort_id).await.expect("the children");
    let early = by.settle_returnee(settle(&all[0].returnee_id)).await;
    statuses.push(("settled before arriving", early.expect_err("not here")));
}
