//! What lets an agency know something about a child, and what a supervisor says when they are asked.

/// An enum each of whose values has a stable key under which it is stored.
macro_rules! keyed {
    ($(#[$doc:meta])+ $name:ident { $($(#[$about:meta])+ $value:ident = $key:literal,)+ }) => {
        $(#[$doc])+
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$about])+ #[serde(rename = $key)] $value,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$value,)+];

            /// The stable key under which it is stored.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$value => $key,)+
                }
            }

            /// The value with this key.
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.key() == key)
            }
        }
    };
}
pub(crate) use keyed;

keyed!(
    /// What a disclosure is for.
    Purpose {
        /// So that somebody reaches the child.
        Emergency = "emergency",
        /// The law demands a report.
        MandatoryReport = "mandatory_report",
        /// An agency is asked for a service.
        Referral = "referral",
        /// A child is missing.
        MissingChild = "missing_child",
    }
);

keyed!(
    /// Who agrees to a disclosure.
    ConsentBy {
        /// The child.
        Child = "child",
        /// A guardian.
        Guardian = "guardian",
        /// Both.
        Both = "both",
    }
);

keyed!(
    /// Whether a child agrees to what a guardian has agreed to.
    Assent {
        /// The child agrees.
        Given = "given",
        /// The child does not agree: the guardian's consent opens nothing.
        Refused = "refused",
        /// The child could not be asked.
        NotAsked = "not_asked",
    }
);

keyed!(
    /// Why something is disclosed without consent.
    Ground {
        /// A life is in danger.
        LifeInDanger = "life_in_danger",
        /// The law demands it.
        LegalDuty = "legal_duty",
        /// The best interests of the child.
        BestInterests = "best_interests",
        /// A court has ordered it.
        CourtOrder = "court_order",
    }
);

keyed!(
    /// What a supervisor says who was asked for a second opinion.
    OpinionAnswer {
        /// Raise it.
        Escalate = "escalate",
        /// Do not raise it.
        DoNotEscalate = "do_not_escalate",
        /// Ask to end it.
        StandDown = "stand_down",
        /// Go on.
        KeepGoing = "keep_going",
        /// Come to talk.
        CallMe = "call_me",
    }
);

/// What allows a disclosure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// Somebody agrees.
    Consent(ConsentBy),
    /// The published plan, because life is in danger.
    Plan(Ground),
    /// Against or without their wish: opens nothing until somebody else has approved.
    Override(Ground),
}

impl Basis {
    /// The stable key under which the basis is stored, with who agrees and the ground.
    pub const fn keys(self) -> (&'static str, Option<&'static str>, Option<&'static str>) {
        match self {
            Self::Consent(by) => ("consent", Some(by.key()), None),
            Self::Plan(ground) => ("plan", None, Some(ground.key())),
            Self::Override(ground) => ("override", None, Some(ground.key())),
        }
    }

    /// The basis with these keys.
    pub fn from_keys(basis: &str, consent_by: Option<&str>, ground: Option<&str>) -> Option<Self> {
        Some(match (basis, consent_by, ground) {
            ("consent", Some(by), None) => Self::Consent(ConsentBy::from_key(by)?),
            ("plan", None, Some(ground)) => Self::Plan(Ground::from_key(ground)?),
            ("override", None, Some(ground)) => Self::Override(Ground::from_key(ground)?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_comes_back_from_its_keys_and_none_has_both_consent_and_ground() {
        let all = [
            Basis::Consent(ConsentBy::Guardian),
            Basis::Plan(Ground::LifeInDanger),
            Basis::Override(Ground::CourtOrder),
        ];
        for basis in all {
            let (key, by, ground) = basis.keys();
            assert_eq!(Basis::from_keys(key, by, ground), Some(basis));
            assert_eq!(Basis::from_keys(key, Some("child"), Some("legal_duty")), None);
        }
    }
}
