//! Whether a child may be handed over to a country: its rules, what is known, and what follows. Pure, so that a decision can be
//! made again from what is stored of it.

use serde::{Deserialize, Serialize};

use crate::field_class::FieldClass;
use crate::settings::crossborder::CrossBorder;

/// By what somebody may know who the child is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreed {
    /// Nothing.
    Nothing,
    /// Somebody consents, and the child is not against it.
    Consent,
    /// An override that another has approved.
    Override,
}

impl Agreed {
    /// Its key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Consent => "consent",
            Self::Override => "override",
        }
    }
}

/// Why a child may not be handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The settings have no rules for the country.
    NoRules,
    /// The settings say that nobody is sent there.
    CountryClosed,
    /// The child is afraid of it, or asks for asylum.
    FearRecorded,
    /// The legal basis is none that the rules accept.
    LegalBasis,
    /// Nobody has consented, and no override was approved.
    ConsentMissing,
    /// An override does not do for this country.
    OverrideNotAllowed,
}

impl Obstacle {
    /// Its key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::NoRules => "no_rules",
            Self::CountryClosed => "country_closed",
            Self::FearRecorded => "fear_recorded",
            Self::LegalBasis => "legal_basis",
            Self::ConsentMissing => "consent_missing",
            Self::OverrideNotAllowed => "override_not_allowed",
        }
    }
}

/// What a decision is made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Inputs {
    /// The country, ISO 3166-1 alpha-2.
    pub country: String,
    /// On which legal basis, a key.
    pub legal_basis: String,
    /// Whether the child is afraid of the country, or asks for asylum from it.
    pub fear_recorded: bool,
    /// By what somebody may know who the child is.
    pub agreed: Agreed,
}

/// A decision, as it is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// Version of the settings whose rules were followed.
    pub rules_version: i64,
    /// What it was made from.
    pub inputs: Inputs,
    /// Why not; empty when nothing is in the way.
    pub obstacles: Vec<Obstacle>,
    /// What must not be told there, whatever was agreed.
    pub forbidden: Vec<FieldClass>,
}

impl Decision {
    /// Whether the child may be handed over.
    pub fn allows(&self) -> bool {
        self.obstacles.is_empty()
    }

    /// The keys of what is in the way.
    pub fn why(&self) -> Vec<&'static str> {
        self.obstacles.iter().map(|one| one.key()).collect()
    }
}

/// Decides by the rules of a version of the settings. A country without rules is one to which nobody is sent.
pub fn decide(rules: &CrossBorder, rules_version: i64, inputs: Inputs) -> Decision {
    let mut obstacles = Vec::new();
    let country = rules.country(&inputs.country);
    if let Some(rule) = country {
        let basis = rule.legal_bases.contains(&inputs.legal_basis);
        obstacles.extend(rule.closed.then_some(Obstacle::CountryClosed));
        obstacles
            .extend((inputs.fear_recorded && !rule.allowed_despite_fear).then_some(Obstacle::FearRecorded));
        obstacles.extend((!basis).then_some(Obstacle::LegalBasis));
        obstacles.extend(match inputs.agreed {
            Agreed::Nothing => Some(Obstacle::ConsentMissing),
            Agreed::Override if !rule.override_allowed => Some(Obstacle::OverrideNotAllowed),
            Agreed::Override | Agreed::Consent => None,
        });
    } else {
        obstacles.push(Obstacle::NoRules);
    }
    let forbidden = country.map(|rule| rule.forbidden.iter().copied().collect()).unwrap_or_default();
    Decision { rules_version, inputs, obstacles, forbidden }
}
