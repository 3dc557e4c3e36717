//! Thresholds of alerts.

use std::collections::BTreeMap;

use helpline_domain::channel::Channel;
use helpline_domain::risk::Class;
use helpline_domain::settings::alerts::Alerts;
use helpline_proto::directory::v1::{AlertSettings, LongContact};
use helpline_proto::terms::v1::PriorityClass;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{class, class_from};

use super::{HOUR, duration, number, seconds};

/// Reads the settings; what is missing is as usual.
pub(super) fn read(fields: &mut Fields, message: Option<&AlertSettings>) -> Option<Alerts> {
    let usual = Alerts::default();
    let Some(message) = message else { return Some(usual) };
    let critical = number(
        fields,
        "critical_target_share",
        message.critical_target_share,
        100,
        usual.critical_target_share,
    );
    let others = number(fields, "target_share", message.target_share, 100, usual.target_share);
    let nobody = seconds(
        fields,
        "nobody_available",
        message.nobody_available.as_ref(),
        1..=HOUR,
        usual.nobody_available_s,
    );
    let long = fields.list("long_contacts", &message.long_contacts, Class::ALL.len(), |fields, message| {
        let of = fields.choice("priority_class", message.priority_class, PriorityClass::as_str_name);
        let lasts = fields
            .required("duration", message.duration.as_ref())
            .and_then(|lasts| seconds(fields, "duration", Some(lasts), 60..=24 * HOUR, 0));
        Some((class_from(of?)?, lasts?))
    });
    let severe = number(fields, "severe_in_a_row", message.severe_in_a_row, 1000, usual.severe_in_a_row);
    let settle = seconds(fields, "settle", message.settle.as_ref(), 0..=HOUR, usual.settle_s);
    let long = long?;
    let long_contact_s: BTreeMap<Class, u32> = long.iter().copied().collect();
    if long_contact_s.len() < long.len() {
        fields.refuse("long_contacts", "each class once");
        return None;
    }
    Some(Alerts {
        critical_target_share: critical?,
        target_share: others?,
        nobody_available_s: nobody?,
        long_contact_s,
        severe_in_a_row: severe?,
        settle_s: settle?,
    })
}

/// The settings as their message, with every default filled in.
pub(super) fn to_message(alerts: &Alerts) -> AlertSettings {
    let small = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    AlertSettings {
        critical_target_share: small(alerts.critical_target_share),
        target_share: small(alerts.target_share),
        nobody_available: Some(duration(alerts.nobody_available_s)),
        long_contacts: Class::ALL
            .into_iter()
            .map(|of| LongContact {
                priority_class: class(of).into(),
                duration: Some(duration(alerts.long_contact_for(of, Channel::Voice))),
            })
            .collect(),
        severe_in_a_row: small(alerts.severe_in_a_row),
        settle: Some(duration(alerts.settle_s)),
    }
}
