//! Organisations outside the centre that are asked for help.

use crate::field_class::FieldClass;

/// What an agency is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AgencyKind {
    /// Police.
    Police,
    /// Ambulance.
    Ambulance,
    /// Fire brigade, civil defence.
    Fire,
    /// Child protection authority.
    ChildProtection,
    /// Hospital, clinic, psychological service.
    Health,
    /// Prosecution, court, legal aid.
    Justice,
    /// Shelter.
    Shelter,
    /// Non-governmental organisation.
    Ngo,
    /// School.
    School,
    /// Another helpline.
    Helpline,
    /// Embassy, consulate.
    Embassy,
    /// Something else.
    Other,
}

impl AgencyKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Police,
        Self::Ambulance,
        Self::Fire,
        Self::ChildProtection,
        Self::Health,
        Self::Justice,
        Self::Shelter,
        Self::Ngo,
        Self::School,
        Self::Helpline,
        Self::Embassy,
        Self::Other,
    ];

    /// The stable key under which the kind is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Police => "police",
            Self::Ambulance => "ambulance",
            Self::Fire => "fire",
            Self::ChildProtection => "child_protection",
            Self::Health => "health",
            Self::Justice => "justice",
            Self::Shelter => "shelter",
            Self::Ngo => "ngo",
            Self::School => "school",
            Self::Helpline => "helpline",
            Self::Embassy => "embassy",
            Self::Other => "other",
        }
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// Whether any agency of the kind may be told this class at all. Whoever teaches a child need not know where the child comes from: a
    /// school is told who comes, and how to reach those who care for them.
    pub const fn may_be_told(self, class: FieldClass) -> bool {
        !matches!(self, Self::School) || matches!(class, FieldClass::Identity | FieldClass::Contact)
    }
}
