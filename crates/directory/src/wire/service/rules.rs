//! What the centre itself says of a service.

use chrono::NaiveDate;
use helpline_domain::service::rules::Rules;
use helpline_proto::directory::v1::ServiceRules as Message;
use helpline_proto::intake::v1::Gender;
use helpline_service_kit::fields::Fields;

use super::each;

const MOST_GENDERS: usize = 4;
const MOST_ENTRIES: usize = 50;
const MOST_COUNTRIES: usize = 250;
const LONGEST_NAME: usize = 200;
const LONGEST_NUMBER: usize = 100;
const LONGEST_ADDRESS: usize = 500;

/// The rules as their message. The delivery address is for those `who_keep` the directory.
pub(super) fn to_message(rules: &Rules, who_keep: bool) -> Message {
    Message {
        genders: rules.genders.iter().filter_map(|key| gender_from_key(key)).map(Into::into).collect(),
        statuses: rules.statuses.clone(),
        statuses_refused: rules.statuses_refused.clone(),
        nationalities: rules.nationalities.clone(),
        nationalities_refused: rules.nationalities_refused.clone(),
        with_children: rules.with_children,
        pregnant: rules.pregnant,
        exclusions: rules.exclusions.clone(),
        intake_at_any_hour: rules.intake_at_any_hour,
        protected_address: rules.protected_address,
        delivery_address: if who_keep { rules.delivery_address.clone() } else { String::new() },
        on_call_name: rules.on_call_name.clone(),
        on_call_number: rules.on_call_number.clone(),
        agreement: rules.agreement.clone(),
        agreement_end_date: rules.agreement_until.map(|day| day.to_string()).unwrap_or_default(),
    }
}

pub(super) fn read(fields: &mut Fields, rules: &Message) -> Option<Rules> {
    let genders = each(fields, "genders", &rules.genders, MOST_GENDERS, |fields, path, gender| {
        let key = gender_key(fields.choice(path, *gender, Gender::as_str_name)?);
        if key.is_none() {
            fields.refuse(path, "a known gender");
        }
        key.map(str::to_owned)
    });
    let key = |fields: &mut Fields, path: &str, key: &String| fields.key(path, key);
    let statuses = each(fields, "statuses", &rules.statuses, MOST_ENTRIES, key);
    let statuses_refused = each(fields, "statuses_refused", &rules.statuses_refused, MOST_ENTRIES, key);
    let nationalities = countries(fields, "nationalities", &rules.nationalities);
    let nationalities_refused = countries(fields, "nationalities_refused", &rules.nationalities_refused);
    let exclusions = each(fields, "exclusions", &rules.exclusions, MOST_ENTRIES, |fields, path, text| {
        fields.line(path, text, 1..=LONGEST_NAME)
    });
    let delivery_address = fields.text("delivery_address", &rules.delivery_address, 0..=LONGEST_ADDRESS);
    let on_call_name = fields.line("on_call_name", &rules.on_call_name, 0..=LONGEST_NAME);
    let on_call_number = fields.line("on_call_number", &rules.on_call_number, 0..=LONGEST_NUMBER);
    let agreement = fields.line("agreement", &rules.agreement, 0..=LONGEST_NAME);
    let agreement_until = match rules.agreement_end_date.as_str() {
        "" => Some(None),
        text => {
            let day = text.parse::<NaiveDate>().ok();
            if day.is_none() {
                fields.refuse("agreement_end_date", "a day such as 2026-01-31");
            }
            day.map(Some)
        }
    };
    Some(Rules {
        genders: genders?,
        statuses: statuses?,
        statuses_refused: statuses_refused?,
        nationalities: nationalities?,
        nationalities_refused: nationalities_refused?,
        with_children: rules.with_children,
        pregnant: rules.pregnant,
        exclusions: exclusions?,
        intake_at_any_hour: rules.intake_at_any_hour,
        protected_address: rules.protected_address,
        delivery_address: delivery_address?,
        on_call_name: on_call_name?,
        on_call_number: on_call_number?,
        agreement: agreement?,
        agreement_until: agreement_until?,
    })
}

fn countries(fields: &mut Fields, path: &str, codes: &[String]) -> Option<Vec<String>> {
    each(fields, path, codes, MOST_COUNTRIES, |fields, path, code| country(fields, path, code))
}

/// Two letters of ISO 3166, turned to capitals; empty when nothing is said.
pub(super) fn optional_country(fields: &mut Fields, path: &str, code: &str) -> Option<String> {
    if code.is_empty() { Some(String::new()) } else { country(fields, path, code) }
}

fn country(fields: &mut Fields, path: &str, code: &str) -> Option<String> {
    let good = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !good {
        fields.refuse(path, "two letters of ISO 3166");
    }
    good.then(|| code.to_ascii_uppercase())
}

/// The key of a gender that one can be; nothing for what is not known.
pub(super) const fn gender_key(gender: Gender) -> Option<&'static str> {
    match gender {
        Gender::Female => Some("female"),
        Gender::Male => Some("male"),
        Gender::Other => Some("other"),
        Gender::Unknown | Gender::Unspecified => None,
    }
}

fn gender_from_key(key: &str) -> Option<Gender> {
    [Gender::Female, Gender::Male, Gender::Other].into_iter().find(|gender| gender_key(*gender) == Some(key))
}
