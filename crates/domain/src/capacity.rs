//! Places, beds, hours: how many a service has of a unit, and who has a hold on them.
//!
//! `available = maximum − occupied − held − out_of_service`, and no step makes it negative. The database keeps the same rule
//! as a constraint; this is the table it is tested against.

use crate::disclosure::keyed;

/// How a unit of a service is used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Capacity {
    /// As many as there are.
    pub maximum: u32,
    /// In use.
    pub occupied: u32,
    /// Kept for somebody for a time.
    pub held: u32,
    /// Not to be used now.
    pub out_of_service: u32,
}

/// Why a step is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lack {
    /// Not as many are available.
    NoneAvailable,
    /// Not as many are held, or in use.
    NotThatMany,
}

impl Capacity {
    /// How many can be held now.
    pub const fn available(self) -> u32 {
        self.maximum
            .saturating_sub(self.occupied)
            .saturating_sub(self.held)
            .saturating_sub(self.out_of_service)
    }

    /// Whether what is in use, held and out of service is not more than there is.
    pub fn holds_together(self) -> bool {
        let used = u64::from(self.occupied) + u64::from(self.held) + u64::from(self.out_of_service);
        used <= u64::from(self.maximum)
    }

    /// Keeps so many for somebody.
    pub const fn hold(self, count: u32) -> Result<Self, Lack> {
        if count > self.available() {
            return Err(Lack::NoneAvailable);
        }
        Ok(Self { held: self.held + count, ..self })
    }

    /// What was held is in use.
    pub const fn confirm(self, count: u32) -> Result<Self, Lack> {
        if count > self.held {
            return Err(Lack::NotThatMany);
        }
        Ok(Self { held: self.held - count, occupied: self.occupied + count, ..self })
    }

    /// What was held is free again.
    pub const fn release(self, count: u32) -> Result<Self, Lack> {
        if count > self.held {
            return Err(Lack::NotThatMany);
        }
        Ok(Self { held: self.held - count, ..self })
    }

    /// What was in use is free again.
    pub const fn vacate(self, count: u32) -> Result<Self, Lack> {
        if count > self.occupied {
            return Err(Lack::NotThatMany);
        }
        Ok(Self { occupied: self.occupied - count, ..self })
    }

    /// How many there are is said anew. Refused when what is in use or held would have no place.
    pub fn set(self, maximum: u32, out_of_service: u32) -> Result<Self, Lack> {
        let next = Self { maximum, out_of_service, ..self };
        if next.holds_together() { Ok(next) } else { Err(Lack::NoneAvailable) }
    }
}

keyed!(
    /// Where a hold stands.
    HoldState {
        /// Kept until a time.
        Held = "held",
        /// In use.
        Confirmed = "confirmed",
        /// Given back before it was used.
        Released = "released",
        /// Nobody confirmed it in time.
        Expired = "expired",
        /// No longer in use.
        Vacated = "vacated",
    }
);

impl HoldState {
    /// Whether a hold may go on to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Held, Self::Confirmed | Self::Released | Self::Expired) | (Self::Confirmed, Self::Vacated)
        )
    }

    /// Whether it takes what others could have.
    pub const fn takes_room(self) -> bool {
        matches!(self, Self::Held | Self::Confirmed)
    }
}
