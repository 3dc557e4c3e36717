//! Services as they are shown: to each role what it needs.

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::service::fit::{Rule, Verdict};
use helpline_domain::service::hours::Open;
use helpline_domain::service::listing::{Capacity, Listing, Phone, Place};
use helpline_proto::directory::v1::{
    FoundService, LocationKind, Position, SearchServicesResponse, Service as Message, ServiceCapacity,
    ServiceComparison, ServiceLanguage, ServiceLocation, ServicePhone, ServiceRule, ServiceStatus,
    ServiceTerm, ServiceVerdict,
};
use helpline_service_kit::wire::timestamp;

use super::rules;
use crate::services::{Found, FoundServices, Shown};

/// A service to its message.
pub(crate) fn shown(caller: &Caller, (listing, now): &Shown) -> Message {
    to_message(caller, listing, *now)
}

/// What was found, as its message.
pub(crate) fn found(caller: &Caller, found: &FoundServices) -> SearchServicesResponse {
    SearchServicesResponse {
        services: found.services.iter().map(|one| found_service(caller, one, found.now)).collect(),
        fitting_count: u32::try_from(found.fitting).unwrap_or(u32::MAX),
    }
}

fn found_service(caller: &Caller, found: &Found, now: DateTime<Utc>) -> FoundService {
    let by_words = found.likeness.map(|_| (ServiceRule::Text, Verdict::Fits));
    let compared = found.fit.verdicts.iter().map(|(rule, verdict)| (rule_to_message(*rule), *verdict));
    let (open_now, next) = match found.open {
        Open::Now => (Some(true), None),
        Open::Next(next) => (Some(false), next),
        Open::NotStated => (None, None),
    };
    FoundService {
        service: Some(to_message(caller, &found.listing, now)),
        comparisons: by_words
            .into_iter()
            .chain(compared)
            .map(|(rule, verdict)| ServiceComparison {
                rule: rule.into(),
                verdict: verdict_to_message(verdict).into(),
            })
            .collect(),
        fits: found.fit.count(Verdict::Fails) == 0,
        distance_km: found.fit.distance_km,
        open_now,
        next_open_time: next.map(timestamp),
    }
}

/// A service as its message, as the caller may see it.
pub(super) fn to_message(caller: &Caller, listing: &Listing, now: DateTime<Utc>) -> Message {
    let keeps = matches!(caller.role, Role::Supervisor | Role::Administrator);
    let text = |name: &str| listing.field(name).to_owned();
    // A number of a protected place is looked up backwards. Of a place where it is not given, nothing is known.
    let is_open = |of| listing.places.iter().any(|place| !place.protected && place.location_id == of);
    let told = |phone: &&Phone| keeps || phone.of_location.is_none_or(is_open);
    Message {
        service_id: listing.service_id.to_string(),
        agency_id: listing.agency_id.map(|id| id.to_string()).unwrap_or_default(),
        display_name: text("name"),
        alternate_name: text("alternate_name"),
        organization: listing.organization.clone(),
        status: status_to_message(&listing.status).into(),
        suspended: listing.suspended,
        description: text("description"),
        terms: listing
            .terms
            .iter()
            .map(|term| ServiceTerm {
                term_id: term.term_id.to_string(),
                code: term.code.clone(),
                display_name: term.name.clone(),
            })
            .collect(),
        minimum_age: listing.age("minimum_age"),
        maximum_age: listing.age("maximum_age"),
        eligibility: text("eligibility_description"),
        application_process: text("application_process"),
        fees: text("fees_description"),
        alert: text("alert"),
        interpretation: text("interpretation_services"),
        url: text("url"),
        email: text("email"),
        languages: listing
            .languages
            .iter()
            .map(|language| ServiceLanguage {
                code: language.code.clone(),
                display_name: language.name.clone(),
            })
            .collect(),
        areas: listing.areas.clone(),
        locations: listing.places.iter().map(|place| location(place, place.protected && !keeps)).collect(),
        phones: listing.phones.iter().filter(told).map(phone).collect(),
        opening_hours: listing.hours_in_words.clone(),
        required_documents: listing.documents.clone(),
        capacities: listing.capacities.iter().map(capacity).collect(),
        rules: Some(rules::to_message(&listing.rules, keeps)),
        verify_time: listing.verified_at(now).map(timestamp),
        stale: listing.is_stale(now),
        revision: listing.revision,
    }
}

fn location(place: &Place, withheld: bool) -> ServiceLocation {
    let kind = match place.kind.as_str() {
        "physical" => LocationKind::Physical,
        "postal" => LocationKind::Postal,
        "virtual" => LocationKind::Virtual,
        _ => LocationKind::Unspecified,
    };
    if withheld {
        // Nor its id: the same in two services, it says that they are in one house.
        return ServiceLocation { kind: kind.into(), address_withheld: true, ..ServiceLocation::default() };
    }
    ServiceLocation {
        location_id: place.location_id.to_string(),
        kind: kind.into(),
        address_withheld: false,
        display_name: place.name.clone(),
        address_lines: place.address.clone(),
        position: place.position.map(|(latitude, longitude)| Position { latitude, longitude }),
        transportation: place.transportation.clone(),
        accessibility: place.accessibility.clone(),
    }
}

fn phone(phone: &Phone) -> ServicePhone {
    ServicePhone {
        number: phone.number.clone(),
        extension: phone.extension.clone(),
        description: phone.description.clone(),
    }
}

fn capacity(capacity: &Capacity) -> ServiceCapacity {
    ServiceCapacity {
        unit: capacity.unit.clone(),
        available_count: capacity.available,
        maximum_count: capacity.maximum,
        description: capacity.description.clone(),
        update_time: capacity.updated_at.map(timestamp),
    }
}

fn status_to_message(status: &str) -> ServiceStatus {
    match status {
        "active" => ServiceStatus::Active,
        "inactive" => ServiceStatus::Inactive,
        "defunct" => ServiceStatus::Defunct,
        "temporarily closed" => ServiceStatus::TemporarilyClosed,
        _ => ServiceStatus::Unspecified,
    }
}

const fn verdict_to_message(verdict: Verdict) -> ServiceVerdict {
    match verdict {
        Verdict::Fits => ServiceVerdict::Fits,
        Verdict::NotStated => ServiceVerdict::NotStated,
        Verdict::Fails => ServiceVerdict::Fails,
    }
}

const fn rule_to_message(rule: Rule) -> ServiceRule {
    match rule {
        Rule::Term => ServiceRule::Term,
        Rule::Age => ServiceRule::Age,
        Rule::Gender => ServiceRule::Gender,
        Rule::Language => ServiceRule::Language,
        Rule::Status => ServiceRule::Status,
        Rule::Nationality => ServiceRule::Nationality,
        Rule::WithChildren => ServiceRule::WithChildren,
        Rule::Pregnant => ServiceRule::Pregnant,
        Rule::Area => ServiceRule::Area,
        Rule::Distance => ServiceRule::Distance,
        Rule::Open => ServiceRule::Open,
        Rule::Places => ServiceRule::Places,
    }
}
