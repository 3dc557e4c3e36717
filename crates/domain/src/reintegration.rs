//! Children who come back together: where each stands, and how they fare.
//!
//! [`ReturneeState::may_become`] is the table of what may follow what; [`score`] tells how children fare without telling of one.

pub mod score;
#[cfg(test)]
mod tests;

use crate::disclosure::keyed;

keyed!(
    /// Where a child who comes back stands.
    ReturneeState {
        /// Expected.
        Announced = "announced",
        /// Here.
        Arrived = "arrived",
        /// Looked after with the others, before going to where they will live.
        FirstRehabilitation = "first_rehabilitation",
        /// Living in a region, with a plan that has begun.
        Settled = "settled",
        /// Followed while the plan goes on.
        Monitored = "monitored",
        /// It is over.
        Closed = "closed",
        /// Did not come, and it is known why.
        NotArrived = "not_arrived",
    }
);

keyed!(
    /// Why a child who was announced did not come. There is no reason for not knowing.
    NotArrivedReason {
        /// Stayed, and somebody knows where.
        DidNotTravel = "did_not_travel",
        /// Is held on the way.
        Held = "held",
        /// Went to another place, which is known.
        WentElsewhere = "went_elsewhere",
        /// Has died.
        Died = "died",
        /// Was announced twice.
        Duplicate = "duplicate",
        /// Should never have been announced.
        EnteredInError = "entered_in_error",
    }
);

impl NotArrivedReason {
    /// Whether there is no such child beside the others: the only reasons for who seemed to be here.
    pub const fn is_one_too_many(self) -> bool {
        matches!(self, Self::Duplicate | Self::EnteredInError)
    }
}

impl ReturneeState {
    /// Whether it may become `next`. Who was said not to come and comes is received as any other; who is expected may be expected at
    /// another time. An arrival, or its opposite, that was recorded of the wrong child is taken back by expecting the child again; who is
    /// here and is one too many ends as who does not come.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Announced, Self::Announced | Self::Arrived | Self::NotArrived)
                | (Self::NotArrived, Self::Announced | Self::Arrived)
                | (Self::Arrived | Self::FirstRehabilitation, Self::Announced | Self::NotArrived)
                | (Self::Arrived, Self::FirstRehabilitation)
                | (Self::FirstRehabilitation, Self::Settled)
                | (Self::Settled, Self::Monitored)
                | (Self::Monitored, Self::Closed)
        )
    }

    /// Whether the child lives in a region that is known.
    pub const fn has_region(self) -> bool {
        matches!(self, Self::Settled | Self::Monitored | Self::Closed)
    }
}
