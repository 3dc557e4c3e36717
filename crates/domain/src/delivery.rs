//! Things told to somebody: by which ways, how they stand, and when what did not arrive is tried again.

use std::time::Duration;

use crate::risk::Risk;

/// Keys of an enum, in both directions.
macro_rules! keys {
    ($name:ident, $($value:ident => $key:literal),+ $(,)?) => {
        impl $name {
            /// Every value.
            pub const ALL: [Self; [$($key),+].len()] = [$(Self::$value),+];

            /// The stable key under which it is stored.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$value => $key),+
                }
            }

            /// The value with this key.
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.key() == key)
            }
        }
    };
}

/// A way to tell somebody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DeliveryKind {
    /// A counsellor, on their screen.
    Person,
    /// Every supervisor, on their screens.
    Supervisors,
    /// A number that somebody of the centre rings.
    Call,
    /// The screens of an agency's responders.
    Desk,
    /// A webhook.
    Webhook,
    /// An e-mail.
    Email,
    /// An SMS.
    Sms,
}

keys!(DeliveryKind,
    Person => "person", Supervisors => "supervisors", Call => "call", Desk => "desk",
    Webhook => "webhook", Email => "email", Sms => "sms",
);

impl DeliveryKind {
    /// Whether it is sent out to an endpoint, rather than shown or rung.
    pub const fn is_sent(self) -> bool {
        matches!(self, Self::Webhook | Self::Email | Self::Sms)
    }
}

/// How a delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DeliveryState {
    /// On its way.
    Pending,
    /// It arrived; nobody has said that they saw it.
    Delivered,
    /// It did not arrive and is not tried again.
    Failed,
    /// It was not sent: an exercise, or a way that is not set up.
    HeldBack,
    /// It is not needed any more.
    Withdrawn,
}

keys!(DeliveryState,
    Pending => "pending", Delivered => "delivered", Failed => "failed", HeldBack => "held_back",
    Withdrawn => "withdrawn",
);

/// What an endpoint of an agency is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EndpointKind {
    /// A URL.
    Webhook,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Sms,
}

keys!(EndpointKind, Webhook => "webhook", Email => "email", Sms => "sms");

/// How a webhook is signed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SignatureScheme {
    /// HMAC-SHA256 under a secret that both know.
    V1,
    /// Ed25519: the other side knows the public key only.
    V1a,
}

keys!(SignatureScheme, V1 => "v1", V1a => "v1a");

/// Why an endpoint is told nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DisabledReason {
    /// Somebody disabled it.
    ByHand,
    /// It answered that it is gone for good.
    Gone,
}

keys!(DisabledReason, ByHand => "by_hand", Gone => "gone");

/// How much a delivery hurries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Hurry {
    /// A child is in danger now: tried again within seconds, and given up after minutes, because others are told meanwhile.
    Emergency,
    /// It must arrive, today or tomorrow.
    Ordinary,
}

/// Seconds from a failed try to the next: about five minutes in all.
const EMERGENCY: [u64; 7] = [5, 15, 30, 60, 60, 60, 60];
/// The same as Standard Webhooks 1.0 proposes it: about three days.
const ORDINARY: [u64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

impl Hurry {
    /// An emergency, or a child in imminent danger.
    pub fn of(is_emergency: bool, risk: Risk) -> Self {
        if is_emergency || risk >= Risk::Imminent { Self::Emergency } else { Self::Ordinary }
    }

    /// How long the other side may take to answer.
    pub const fn patience(self) -> Duration {
        match self {
            Self::Emergency => Duration::from_secs(10),
            Self::Ordinary => Duration::from_secs(20),
        }
    }

    /// How long to wait after `tries` that failed; `None` when that was the last. `asked` is how long the other side asked
    /// to be left alone, which is granted within bounds; `chance`, from 0 to 1, spreads those that failed together.
    pub fn next_try(self, tries: u32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
        let (schedule, most): (&[u64], _) = match self {
            Self::Emergency => (&EMERGENCY, Duration::from_mins(1)),
            Self::Ordinary => (&ORDINARY, Duration::from_hours(24)),
        };
        let index = usize::try_from(tries.checked_sub(1)?).ok()?;
        let wait = Duration::from_secs(*schedule.get(index)?).max(asked.unwrap_or_default().min(most));
        Some(wait.mul_f64(chance.clamp(0.0, 1.0).mul_add(0.1, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(hurry: Hurry, chance: f64) -> Vec<Duration> {
        (1..).map_while(|tries| hurry.next_try(tries, None, chance)).collect()
    }

    #[test]
    fn an_emergency_is_given_up_after_five_minutes_and_the_rest_after_three_days() {
        let total: Duration = waits(Hurry::Emergency, 0.0).iter().sum();
        assert_eq!(total, Duration::from_secs(290));
        let total: Duration = waits(Hurry::Ordinary, 0.0).iter().sum();
        assert!(total > Duration::from_hours(72) && total < Duration::from_hours(80));
    }

    #[test]
    fn chance_only_ever_makes_the_wait_longer_and_never_by_more_than_a_tenth() {
        for hurry in [Hurry::Emergency, Hurry::Ordinary] {
            for (least, most) in waits(hurry, 0.0).into_iter().zip(waits(hurry, 1.0)) {
                assert!(most > least && most <= least.mul_f64(1.1) + Duration::from_millis(1));
            }
        }
    }

    #[test]
    fn who_asks_to_be_left_alone_is_within_bounds() {
        let asked = |hurry: Hurry, seconds| hurry.next_try(1, Some(Duration::from_secs(seconds)), 0.0);
        assert_eq!(asked(Hurry::Emergency, 20), Some(Duration::from_secs(20)));
        assert_eq!(asked(Hurry::Emergency, 3600), Some(Duration::from_mins(1)));
        assert_eq!(asked(Hurry::Emergency, 0), Some(Duration::from_secs(5)));
        assert_eq!(asked(Hurry::Ordinary, 999_999_999), Some(Duration::from_hours(24)));
    }

    #[test]
    fn a_mandatory_report_about_a_child_in_imminent_danger_hurries() {
        assert_eq!(Hurry::of(false, Risk::Imminent), Hurry::Emergency);
        assert_eq!(Hurry::of(true, Risk::Low), Hurry::Emergency);
        assert_eq!(Hurry::of(false, Risk::High), Hurry::Ordinary);
    }
}
