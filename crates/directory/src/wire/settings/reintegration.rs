//! How a centre receives children who come back.

use helpline_domain::settings::reintegration::Reintegration;
use helpline_proto::directory::v1::ReintegrationSettings;
use helpline_service_kit::fields::Fields;

use super::{HOUR, MINUTE, duration, seconds};

const DAY: u64 = 24 * HOUR;

/// Reads the settings; what is missing is as usual.
pub(super) fn read(fields: &mut Fields, message: Option<&ReintegrationSettings>) -> Option<Reintegration> {
    let usual = Reintegration::default();
    let Some(message) = message else { return Some(usual) };
    let not_arrived = seconds(
        fields,
        "not_arrived_after",
        message.not_arrived_after.as_ref(),
        MINUTE..=30 * DAY,
        usual.not_arrived_after_s,
    );
    let settle =
        seconds(fields, "settle_within", message.settle_within.as_ref(), DAY..=365 * DAY, usual.settle_s);
    let plan = fields.optional_key("plan", &message.plan);
    Some(Reintegration {
        not_arrived_after_s: not_arrived?,
        settle_s: settle?,
        plan: plan?.unwrap_or(usual.plan),
    })
}

/// The settings as their message, with every default filled in.
pub(super) fn to_message(rules: &Reintegration) -> ReintegrationSettings {
    ReintegrationSettings {
        not_arrived_after: Some(duration(rules.not_arrived_after_s)),
        settle_within: Some(duration(rules.settle_s)),
        plan: rules.plan.clone(),
    }
}
