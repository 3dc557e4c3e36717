//! What the view in Redis lacks is put back and counted, unless it was on its way.

use std::time::Duration;

use helpline_queueing::matching::{Comparison, compare};
use helpline_service_kit::Ctx;

use crate::stage::{Stage, chat, from, until};

#[tokio::test]
async fn slow_what_the_view_lacks_for_long_is_put_back_and_counted_and_what_comes_late_is_not() {
    let mut stage = Stage::set().await;
    let centre = stage.world.centre.id;
    let ctx = Ctx { store: stage.world.store(), ..stage.world.servers[0].ctx().clone() };
    for sender in ["+97455550101", "+97455550102"] {
        stage.receive(from(sender, chat("ar"))).await;
    }
    let view = ctx.mirror.view(centre).await.unwrap();
    let all =
        until("both are in the view", async || view.all().await.ok().filter(|all| all.len() == 2)).await;
    stage.world.advance(60.0);
    // Nobody else compares, or fills the view.
    assert!(stage.world.stop_servers().await);
    view.drop_waiters(&all).await.unwrap();
    let late = async {
        ctx.clock.sleep(Duration::from_secs(4)).await;
        view.put(&all[..1], false).await.unwrap();
    };
    let (found, ()) = tokio::join!(compare(&ctx, centre), late);
    assert_eq!(found.unwrap(), Comparison { missing: 1, ..Comparison::default() });
    assert_eq!(view.all().await.unwrap().len(), 2);
    assert!(compare(&ctx, centre).await.unwrap().is_none());
}
