//! What the view in Redis lacks is put back and counted, unless it was on its way.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use helpline_live::line::{LineView, Waiter};
use helpline_queueing::matching::{Comparison, compare};
use helpline_service_kit::Ctx;
use helpline_service_kit::clock::{Clock, TestClock};

use crate::stage::{Stage, chat, from, until};

/// A clock that each sleep moves by as much: while it has moved by four seconds somebody comes into the view.
#[derive(Debug)]
struct Late {
    clock: TestClock,
    slept: Mutex<Duration>,
    view: LineView,
    comes: Waiter,
}

impl Clock for Late {
    fn now_utc(&self) -> DateTime<Utc> {
        self.clock.now_utc()
    }

    fn instant(&self) -> Instant {
        self.clock.instant()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.clock.advance(duration);
        let mut slept = self.slept.lock().unwrap();
        let before = *slept;
        *slept += duration;
        let arrives = (before..*slept).contains(&Duration::from_millis(3999));
        let (view, comes) = (self.view.clone(), self.comes.clone());
        Box::pin(async move {
            if arrives {
                view.put(&[comes], false).await.unwrap();
            }
        })
    }
}

#[tokio::test]
async fn what_the_view_lacks_for_long_is_put_back_and_counted_and_what_comes_late_is_not() {
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
    let late = Late {
        clock: TestClock::default(),
        slept: Mutex::default(),
        view: view.clone(),
        comes: all[0].clone(),
    };
    let found = compare(&Ctx { clock: Arc::new(late), ..ctx.clone() }, centre).await.unwrap();
    assert_eq!(found, Comparison { missing: 1, ..Comparison::default() });
    assert_eq!(view.all().await.unwrap().len(), 2);
    assert!(compare(&ctx, centre).await.unwrap().is_none());
}
