//! Which services have a protected address is known again where a newer schema could not tell.

use super::room::House;

#[tokio::test]
async fn a_server_that_starts_finds_out_which_services_have_a_protected_address() {
    let mut house = House::new(1).await;
    let hidden = house.stage.world.service(house.agency).await;
    house.stage.world.protect(&hidden, house.agency).await;
    let protected = "SELECT string_agg(service_id::text, ' ') FROM helpline.services WHERE protected";
    assert_eq!(house.stage.value(protected), hidden);
    assert!(house.stage.world.stop_servers().await);
    house.stage.sql("UPDATE helpline.services SET protected = true RETURNING service_id");
    house.stage.world.start_again().await;
    assert_eq!(house.stage.value(protected), hidden);
}
