//! Rows about residents of a shelter: what they are offered, and help to return.

use helpline_proto::shelter::v1::ReturnSubject;
use helpline_tests::shelter::start;
use helpline_tests::{Actor, Centre, World};

/// Makes them for a centre.
pub(super) async fn take_in(world: &World, centre: &Centre, supervisor: &Actor, contact_id: &str) {
    let sql = format!("SELECT agency_id FROM helpline.agencies WHERE centre_id = '{}' LIMIT 1", centre.id);
    let agency = world.database.query(&sql).unwrap()[0][0].as_ref().unwrap().parse().unwrap();
    let service = world.service_in(centre.id, agency).await;
    supervisor.has_beds(&service, 1).await;
    supervisor.takes_in_from(contact_id, &service, "").await;
    let case = supervisor.case_of_child().await.case_id;
    supervisor.start_return(start(&case, ReturnSubject::Adult)).await.unwrap();
}
