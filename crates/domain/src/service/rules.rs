//! What a centre adds to what the standard says of a service: who is taken, and what must not be told.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::package::Record;

/// The rules of one service. What is empty or missing is not stated.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Who is taken: `female`, `male`, `other`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub genders: Vec<String>,
    /// Migration and protection statuses that are taken; any, when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<String>,
    /// Statuses that are not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses_refused: Vec<String>,
    /// Nationalities that are taken, as two letters of ISO 3166; any, when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nationalities: Vec<String>,
    /// Nationalities that are not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nationalities_refused: Vec<String>,
    /// Whether somebody comes with children of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_children: Option<bool>,
    /// Whether somebody pregnant is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pregnant: Option<bool>,
    /// For which reasons somebody is refused, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<String>,
    /// Whether children are taken in day and night, whatever the opening hours say.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub intake_at_any_hour: bool,
    /// Whether nobody may learn where it is who need not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub protected_address: bool,
    /// Where papers are sent safely.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub delivery_address: String,
    /// Who is on call.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub on_call_name: String,
    /// Their number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub on_call_number: String,
    /// The agreement on sharing data: its name or number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub agreement: String,
    /// The last day on which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement_until: Option<NaiveDate>,
}

impl std::fmt::Debug for Rules {
    /// Nothing but that they are: among them are numbers of people and addresses of shelters.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rules")
    }
}

impl Rules {
    /// The rules that a record holds. A record that passed its check can always be read; one that cannot protects.
    pub fn of(record: &Record) -> Self {
        let rules = serde_json::from_value(Value::Object(record.clone()));
        rules.unwrap_or_else(|_| Self { protected_address: true, ..Self::default() })
    }

    /// The record that holds them, without its id.
    pub fn record(&self) -> Record {
        match serde_json::to_value(self) {
            Ok(Value::Object(record)) => record,
            _ => Record::new(),
        }
    }
}
