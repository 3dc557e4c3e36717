//! The life of a missing-child alert: what is told to partner agencies as a document of the Common Alerting Protocol 1.2.
//!
//! An alert is a series of messages that are never altered: the first, updates that replace what went before, at last a
//! cancel. Each leaves the building only when somebody other than who asked has approved it; a cancel tells nothing of the
//! child and waits for nobody. The words under which values are kept are those of the standard where it has one.

pub mod place;

use crate::disclosure::keyed;

keyed!(
    /// What a message does.
    MessageKind {
        /// It begins the series.
        Alert = "alert",
        /// It replaces the one before.
        Update = "update",
        /// It ends the series.
        Cancel = "cancel",
    }
);

keyed!(
    /// Where a message stands.
    MessageState {
        /// Somebody asks for it; nothing has left the building.
        Asked = "asked",
        /// It was told, and no later message has replaced or cancelled it.
        Issued = "issued",
        /// It was not approved, or not wanted any more.
        Declined = "declined",
        /// An update has replaced it.
        Superseded = "superseded",
        /// It was cancelled.
        Cancelled = "cancelled",
    }
);

keyed!(
    /// What has happened to the child.
    Event {
        /// Nobody knows where the child is.
        MissingChild = "missing_child",
        /// Somebody has taken the child.
        ChildAbduction = "child_abduction",
    }
);

keyed!(
    /// Who may handle an alert. Everybody is no choice: what the public has seen of a child cannot be taken back.
    Scope {
        /// Whoever the restriction allows.
        Restricted = "Restricted",
        /// Those it is addressed to alone.
        Private = "Private",
    }
);

keyed!(
    /// How soon somebody should act.
    Urgency {
        /// Now.
        Immediate = "Immediate",
        /// Within the hour.
        Expected = "Expected",
        /// In the near future.
        Future = "Future",
        /// It is past.
        Past = "Past",
        /// Not known.
        Unknown = "Unknown",
    }
);

keyed!(
    /// How grave it is.
    Severity {
        /// An extraordinary threat to life.
        Extreme = "Extreme",
        /// A significant threat to life.
        Severe = "Severe",
        /// A possible threat to life.
        Moderate = "Moderate",
        /// No known threat to life.
        Minor = "Minor",
        /// Not known.
        Unknown = "Unknown",
    }
);

keyed!(
    /// How sure it is.
    Certainty {
        /// It has happened or goes on.
        Observed = "Observed",
        /// More likely than not.
        Likely = "Likely",
        /// Possible but not likely.
        Possible = "Possible",
        /// Hardly.
        Unlikely = "Unlikely",
        /// Not known.
        Unknown = "Unknown",
    }
);

keyed!(
    /// Why an alert is cancelled.
    CancelReason {
        /// The child was found.
        ChildFound = "child_found",
        /// It was issued in error.
        IssuedInError = "issued_in_error",
        /// It is not needed any more.
        NotNeeded = "not_needed",
    }
);

impl CancelReason {
    /// The note that the document bears.
    pub const fn note(self) -> &'static str {
        match self {
            Self::ChildFound => "The child was found.",
            Self::IssuedInError => "The alert was issued in error.",
            Self::NotNeeded => "The alert is not needed any more.",
        }
    }
}

/// Whether the standard takes a text as the identifier of a sender: no blanks, no comma, neither `<` nor `&`.
pub fn is_sender(text: &str) -> bool {
    let forbidden = |character: char| {
        character.is_whitespace() || character.is_control() || matches!(character, ',' | '<' | '&')
    };
    !text.is_empty() && !text.contains(forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_nothing_in_it_that_would_break_a_reference() {
        for good in ["helpline.example.org", "urn:oid:2.49.0.0.634.1", "duty@хелп.example"] {
            assert!(is_sender(good), "{good}");
        }
        for wrong in ["", "a b", "a,b", "a<b", "a&b", "a\tb", "a\u{a0}b", "a\u{7}"] {
            assert!(!is_sender(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn what_the_standard_has_a_word_for_is_kept_under_it() {
        assert_eq!(serde_json::to_string(&Urgency::Immediate).unwrap(), "\"Immediate\"");
        assert_eq!(serde_json::from_str::<Certainty>("\"Likely\"").unwrap(), Certainty::Likely);
        assert_eq!(Scope::from_key("Public"), None, "an alert is never for everybody");
    }
}
