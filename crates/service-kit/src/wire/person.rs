//! Who somebody is, on the wire. A profile is kept as one sealed document, whose form is this module's own.

use chrono::NaiveDate;
use helpline_domain::closing::{AgeBand, Gender};
use helpline_domain::person::IdentifierKind;
use helpline_proto::casework::v1 as proto;
use helpline_proto::intake::v1 as intake;
use helpline_store::casework::person::Profile;
use helpline_vault::Sensitive;
use serde::{Deserialize, Serialize};

use super::{age_band, age_band_from, gender, gender_from, identifier_kind, identifier_kind_from};
use crate::error::Refusal;
use crate::fields::Fields;

const MOST_NAMES: usize = 10;
const MOST_NATIONALITIES: usize = 10;
const MOST_LANGUAGES: usize = 20;
const MOST_IDENTIFIERS: usize = 20;
const LONGEST: usize = 200;

/// A profile as it is kept.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Document {
    names: Vec<String>,
    birth_date: String,
    age_band: Option<AgeBand>,
    gender: Option<Gender>,
    nationalities: Vec<String>,
    languages: Vec<String>,
    identifiers: Vec<(IdentifierKind, String)>,
}

/// Lines of text, each of which must be there.
fn lines(fields: &mut Fields, path: &str, sent: &[String], most: usize) -> Option<Vec<String>> {
    if sent.len() > most {
        fields.refuse(path, format!("at most {most} entries"));
        return None;
    }
    let read: Vec<_> = sent
        .iter()
        .enumerate()
        .map(|(index, line)| fields.line(&format!("{path}[{index}]"), line, 1..=LONGEST))
        .collect();
    read.into_iter().collect()
}

fn birth_date(fields: &mut Fields, sent: &str) -> Option<String> {
    let known = sent.is_empty() || sent.len() == 10 && NaiveDate::parse_from_str(sent, "%Y-%m-%d").is_ok();
    if !known {
        fields.refuse("birth_date", "a date as YYYY-MM-DD, or empty");
    }
    known.then(|| sent.to_owned())
}

/// An identifier.
pub fn read_identifier(
    fields: &mut Fields,
    sent: &proto::PersonIdentifier,
) -> Option<(IdentifierKind, String)> {
    let kind = fields.choice("kind", sent.kind, proto::IdentifierKind::as_str_name);
    let value = fields.line("value", &sent.value, 1..=LONGEST);
    let said = value.as_ref().is_none_or(|value| value.chars().any(char::is_alphanumeric));
    if !said {
        fields.refuse("value", "a letter or a digit at least");
    }
    Some((kind.and_then(identifier_kind_from)?, value.filter(|_| said)?))
}

/// What is known of who somebody is, as it is kept.
pub fn read_person_profile(fields: &mut Fields, sent: &proto::PersonProfile) -> Option<Profile> {
    let names = lines(fields, "names", &sent.names, MOST_NAMES);
    let birth_date = birth_date(fields, &sent.birth_date);
    let age = fields.optional_choice("age_band", sent.age_band, intake::AgeBand::as_str_name);
    let sex = fields.optional_choice("gender", sent.gender, intake::Gender::as_str_name);
    let nationalities = lines(fields, "nationalities", &sent.nationalities, MOST_NATIONALITIES);
    for (index, code) in sent.nationalities.iter().take(MOST_NATIONALITIES).enumerate() {
        let read = nationalities.is_some();
        if read && !(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())) {
            fields.refuse(&format!("nationalities[{index}]"), "two capital letters");
        }
    }
    let languages = if sent.languages.len() > MOST_LANGUAGES {
        fields.refuse("languages", format!("at most {MOST_LANGUAGES} entries"));
        None
    } else {
        let read: Vec<_> = sent
            .languages
            .iter()
            .enumerate()
            .map(|(index, tag)| fields.language(&format!("languages[{index}]"), tag))
            .collect();
        read.into_iter().collect::<Option<Vec<_>>>()
    };
    let identifiers = fields.list("identifiers", &sent.identifiers, MOST_IDENTIFIERS, read_identifier)?;
    let document = Document {
        names: names?,
        birth_date: birth_date?,
        age_band: age?.and_then(age_band_from),
        gender: sex?.and_then(gender_from),
        nationalities: nationalities?,
        languages: languages?,
        identifiers: identifiers.clone(),
    };
    let identifiers =
        identifiers.into_iter().map(|(kind, value)| (kind, Sensitive::new("identity", value))).collect();
    let document = serde_json::to_string(&document).ok()?;
    Some(Profile { document: Sensitive::new("identity", document), identifiers })
}

/// What is kept of who somebody is. Error: INTERNAL when it cannot be read.
pub fn person_profile(document: &Sensitive<String>) -> Result<proto::PersonProfile, Refusal> {
    let known: Document = serde_json::from_str(document.expose())
        .map_err(|_| Refusal::bug("the profile of a person cannot be read"))?;
    Ok(proto::PersonProfile {
        names: known.names,
        birth_date: known.birth_date,
        age_band: known.age_band.map_or(0, |band| age_band(band).into()),
        gender: known.gender.map_or(0, |sex| gender(sex).into()),
        nationalities: known.nationalities,
        languages: known.languages,
        identifiers: known
            .identifiers
            .into_iter()
            .map(|(kind, value)| proto::PersonIdentifier { kind: identifier_kind(kind).into(), value })
            .collect(),
    })
}
