//! Who is being offered something at this moment.
//!
//! A counsellor with room for two chats may be free in the view again while the offer of the first is still being
//! committed: somebody else's change of theirs says how much room they have. Were they offered the next contact then, it
//! would overtake the one in hand whenever that one's commit has to be tried again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use helpline_domain::id::{CentreId, CounsellorId};
use helpline_service_kit::hub::{Hub, Topic};

/// Counsellors whose offers are being committed by this process.
#[derive(Clone, Debug, Default)]
pub(super) struct InHand(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    counsellors: HashSet<CounsellorId>,
    /// Whether a pass has left somebody out because of that.
    missed: bool,
}

impl InHand {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a counsellor is to be left out of a pass.
    pub(super) fn leaves_out(&self, counsellor: CounsellorId) -> bool {
        let mut inner = self.inner();
        let out = inner.counsellors.contains(&counsellor);
        inner.missed |= out;
        out
    }

    /// Takes counsellors in hand until what is returned is dropped. Whoever waits for the line is woken then if a pass has
    /// missed them.
    pub(super) fn take(&self, counsellors: Vec<CounsellorId>, hub: &Hub, centre: CentreId) -> Taken {
        self.inner().counsellors.extend(&counsellors);
        Taken { hand: self.clone(), counsellors, hub: hub.clone(), centre }
    }
}

/// Counsellors in hand.
#[derive(Debug)]
pub(super) struct Taken {
    hand: InHand,
    counsellors: Vec<CounsellorId>,
    hub: Hub,
    centre: CentreId,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut inner = self.hand.inner();
        for counsellor in &self.counsellors {
            inner.counsellors.remove(counsellor);
        }
        let missed = std::mem::take(&mut inner.missed);
        drop(inner);
        if missed {
            self.hub.wake(Topic::Line(self.centre));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test]
    async fn who_is_in_hand_is_left_out_until_it_is_known_what_became_of_it() {
        let (hand, hub) = (InHand::default(), Hub::default());
        let centre = CentreId::from(Uuid::from_u128(1));
        let [one, other] = [2, 3].map(|id| CounsellorId::from(Uuid::from_u128(id)));
        let line = hub.subscribe(Topic::Line(centre));
        let taken = hand.take(vec![one], &hub, centre);
        assert!(!hand.leaves_out(other));
        drop(taken);
        assert!(!hand.leaves_out(one));
        assert!(!line.pending(), "nobody was missed");
        let taken = hand.take(vec![one], &hub, centre);
        assert!(hand.leaves_out(one));
        drop(taken);
        assert!(!hand.leaves_out(one));
        assert!(line.pending(), "a pass follows for who was missed");
    }
}
