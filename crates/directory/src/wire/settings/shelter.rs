//! What residents of shelters are offered, and how they are helped to return.

use helpline_domain::settings::shelter::{OfferRule, Shelter};
use helpline_proto::directory::v1::{ShelterServiceOffer, ShelterSettings};
use helpline_service_kit::fields::Fields;

use super::{HOUR, MINUTE, duration, keys, seconds, small};

const MOST_OFFERS: usize = 20;
const MOST_CALLS: usize = 20;
const LATEST_CALL: i32 = 3660;
const MOST_ITEMS: usize = 30;
const DAY: u64 = 24 * HOUR;

/// Reads the settings; what is missing is as usual.
pub(super) fn read(fields: &mut Fields, message: Option<&ShelterSettings>) -> Option<Shelter> {
    let usual = Shelter::default();
    let Some(message) = message else { return Some(usual) };
    let offers = fields.list("service_offers", &message.service_offers, MOST_OFFERS, offer);
    let days = days(fields, &message.follow_up_days);
    let items = keys(fields, "return_items", &message.return_items, MOST_ITEMS);
    let warning = seconds(
        fields,
        "grace_warning",
        message.grace_warning.as_ref(),
        HOUR..=90 * DAY,
        usual.grace_warning_s,
    );
    let arrival =
        seconds(fields, "arrival_within", message.arrival_within.as_ref(), HOUR..=30 * DAY, usual.arrival_s);
    let (offers, items) = (offers?, items?);
    let offered: Vec<&str> = offers.iter().map(|one| one.service.as_str()).collect();
    if let Some(place) =
        (1..offered.len()).find(|&at| offered.iter().take(at).any(|one| Some(one) == offered.get(at)))
    {
        fields.refuse(&format!("service_offers[{place}].service"), "each once");
        return None;
    }
    Some(Shelter {
        offers: if offers.is_empty() { usual.offers } else { offers },
        follow_up_days: days.map(|days| if days.is_empty() { usual.follow_up_days } else { days })?,
        // In the order in which they were said.
        return_items: if items.is_empty() { usual.return_items } else { message.return_items.clone() },
        grace_warning_s: warning?,
        arrival_s: arrival?,
    })
}

fn offer(fields: &mut Fields, message: &ShelterServiceOffer) -> Option<OfferRule> {
    let service = fields.key("service", &message.service);
    let within = seconds(fields, "within", message.within.as_ref(), MINUTE..=90 * DAY, OfferRule::USUAL_S);
    Some(OfferRule { service: service?, within_s: within? })
}

/// Days, each later than the one before.
fn days(fields: &mut Fields, sent: &[i32]) -> Option<Vec<u32>> {
    if sent.len() > MOST_CALLS {
        fields.refuse("follow_up_days", format!("at most {MOST_CALLS} entries"));
        return None;
    }
    let mut read = Vec::new();
    for (place, &day) in sent.iter().enumerate() {
        let path = format!("follow_up_days[{place}]");
        let day = u32::try_from(fields.int(&path, day, 1..=LATEST_CALL)?).ok()?;
        if read.last().is_some_and(|before| *before >= day) {
            fields.refuse(&path, "later than the one before");
            return None;
        }
        read.push(day);
    }
    Some(read)
}

/// The settings as their message, with every default filled in.
pub(super) fn to_message(rules: &Shelter) -> ShelterSettings {
    let offer = |one: &OfferRule| ShelterServiceOffer {
        service: one.service.clone(),
        within: Some(duration(one.within_s)),
    };
    ShelterSettings {
        service_offers: rules.offers.iter().map(offer).collect(),
        follow_up_days: rules.follow_up_days.iter().map(|&day| small(day)).collect(),
        return_items: rules.return_items.clone(),
        grace_warning: Some(duration(rules.grace_warning_s)),
        arrival_within: Some(duration(rules.arrival_s)),
    }
}
