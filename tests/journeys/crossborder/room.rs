//! A centre, two focal points of a country, and times.

use helpline_domain::caller::Role;
use helpline_domain::id::AgencyId;
use helpline_proto::crossborder::v1::{CrossBorderHandover, SignCrossBorderCertificateRequest};
use helpline_tests::crossborder::{lets_hand_over, sign};
use helpline_tests::{Abilities, Actor};
use prost_types::Timestamp;

use crate::stage::Stage;

pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Somebody who owns cases, and two agencies that receive in Jordan, the first before the second.
pub(crate) struct Border {
    pub(crate) stage: Stage,
    pub(crate) amina: Actor,
    pub(crate) first: (AgencyId, Actor),
    pub(crate) second: (AgencyId, Actor),
}

impl Border {
    pub(crate) async fn new() -> Self {
        Self::on(Stage::set().await).await
    }

    /// The same on a stage.
    pub(crate) async fn on(stage: Stage) -> Self {
        let amina = stage.world.counsellor(Abilities::speaking(&["ar"])).await;
        let (one, two) = (stage.world.agency().await, stage.world.agency().await);
        stage.world.change_settings(|settings| lets_hand_over(settings, "JO", &[one, two])).await;
        let (first, second) = (stage.world.responder(one).await, stage.world.responder(two).await);
        Self { stage, amina, first: (one, first), second: (two, second) }
    }

    /// So many seconds from the stage's clock.
    pub(crate) fn later(&self, seconds: i64) -> Timestamp {
        let now: f64 = self.stage.value("SELECT extract(epoch FROM helpline.now())").parse().unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
        Timestamp { seconds: now as i64 + seconds, nanos: 0 }
    }

    /// A child who has left, and is to arrive in eight hours; the id.
    pub(crate) async fn departed(&self) -> String {
        let times = [self.later(HOUR), self.later(8 * HOUR)];
        self.amina.departed_to((self.first.0, &self.first.1), times).await
    }

    /// Amina and the first focal point after months: tokens last for one.
    pub(crate) async fn anew(&self) -> (Actor, Actor) {
        let (world, id) = (&self.stage.world, self.amina.counsellor_id.parse().unwrap());
        let amina = world.bearer(world.centre.id, Role::Counsellor, Some(id)).await;
        (amina, world.responder(self.first.0).await)
    }

    /// Moves the clock.
    pub(crate) fn wait(&self, seconds: i64) {
        #[expect(clippy::cast_precision_loss, reason = "days in seconds")]
        self.stage.world.advance(seconds as f64);
    }
}

/// Signs what a hand-over shows.
pub(crate) fn signing(of: &CrossBorderHandover) -> SignCrossBorderCertificateRequest {
    let sha256 = of.certificate.as_ref().unwrap().sha256.clone();
    SignCrossBorderCertificateRequest { sha256, ..sign(&of.crossborder_id) }
}
