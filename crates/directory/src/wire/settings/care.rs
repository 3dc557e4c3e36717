//! Care of counsellors.

use helpline_domain::settings::care::Care;
use helpline_proto::directory::v1::CareSettings;
use helpline_proto::terms::v1::Risk as RiskMessage;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{risk, risk_from};

use super::{HOUR, duration, number, seconds};

/// Reads the settings; what is missing is as usual.
pub(super) fn read(fields: &mut Fields, message: Option<&CareSettings>) -> Option<Care> {
    let usual = Care::default();
    let Some(message) = message else { return Some(usual) };
    let severe_limit = number(fields, "severe_limit", message.severe_limit, 1000, usual.severe_limit);
    let pause = seconds(fields, "pause", message.pause.as_ref(), 10..=2 * HOUR, usual.pause_s);
    let severe_from = fields.optional_choice("severe_from", message.severe_from, RiskMessage::as_str_name);
    Some(Care {
        severe_limit: severe_limit?,
        pause_s: pause?,
        severe_from: severe_from?.and_then(risk_from).unwrap_or(usual.severe_from),
    })
}

/// The settings as their message.
pub(super) fn to_message(care: &Care) -> CareSettings {
    CareSettings {
        severe_limit: i32::try_from(care.severe_limit).unwrap_or(i32::MAX),
        pause: Some(duration(care.pause_s)),
        severe_from: risk(care.severe_from).into(),
    }
}
