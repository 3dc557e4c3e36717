//! One service with all that belongs to it, ready to be searched and shown.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::fold::{Word, words};
use super::hours::Hours;
use super::kind::Kind;
use super::language;
use super::package::{Owned, Package, Record, id, text};
use super::protected::Protected;
use super::rules::Rules;
use crate::id::{AgencyId, LocationId, ServiceId};

/// A listing that nobody has verified for so many days is stale.
pub const VERIFIED_FOR_DAYS: u64 = 365;
/// Within so much of now it is the next day somewhere.
const AHEAD_OF_UTC: TimeDelta = TimeDelta::days(1);

/// A service as it can be searched.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Listing {
    pub service_id: ServiceId,
    pub agency_id: Option<AgencyId>,
    pub fields: Record,
    pub status: String,
    pub suspended: bool,
    pub organization: String,
    pub terms: Vec<Term>,
    pub languages: Vec<Language>,
    pub areas: Vec<String>,
    /// The words of each area, or else of each city, by which it is compared.
    pub area_words: Vec<Vec<Word>>,
    pub places: Vec<Place>,
    pub phones: Vec<Phone>,
    pub hours: Vec<Hours>,
    /// Whether there are more that are said in a way that is not computed.
    pub more_hours: bool,
    pub hours_in_words: Vec<String>,
    pub documents: Vec<String>,
    pub capacities: Vec<Capacity>,
    pub rules: Rules,
    /// When somebody last made sure of it by hand.
    pub verified_by_hand_at: Option<DateTime<Utc>>,
    /// The day that came with it, on which somebody made sure of it.
    pub assured_on: Option<NaiveDate>,
    pub revision: i64,
}

/// What a service is for: a term of a taxonomy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Term {
    /// Its id.
    pub term_id: Uuid,
    /// Its code; may be empty.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Ids and codes of itself and of every term above it, by which it is found.
    pub keys: BTreeSet<String>,
}

/// A language in which a service is given.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Language {
    pub code: String,
    pub name: String,
    /// By what it is compared; nothing when the code says no language.
    pub key: Option<String>,
}

/// Where a service is given.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Place {
    pub location_id: LocationId,
    /// Whether nobody who need not may learn where it is; so it is until [`Listing::protect`] says otherwise.
    pub protected: bool,
    /// `physical`, `postal` or `virtual`.
    pub kind: String,
    pub name: String,
    pub address: Vec<String>,
    pub city: String,
    pub position: Option<(f64, f64)>,
    pub transportation: String,
    pub accessibility: Vec<String>,
}

/// A number.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Phone {
    pub number: String,
    pub extension: String,
    pub description: String,
    pub of_location: Option<LocationId>,
}

/// How much of something was free.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Capacity {
    pub unit: String,
    pub available: u32,
    pub maximum: Option<u32>,
    pub description: String,
    pub updated_at: Option<DateTime<Utc>>,
}

impl Capacity {
    /// Whether it is of a unit, by its key: a name that was imported is compared as one.
    pub fn is_of(&self, unit: &str) -> bool {
        let letters = self.unit.chars().flat_map(char::to_lowercase);
        letters.map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).eq(unit.chars())
    }
}

/// What is known of a service beside its record.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Who answers referrals.
    pub agency_id: Option<AgencyId>,
    /// Whether it is suspended by hand.
    pub suspended: bool,
    /// When it was verified by hand.
    pub verified_at: Option<DateTime<Utc>>,
    /// Its revision.
    pub revision: i64,
}

impl std::fmt::Debug for Listing {
    /// The id alone: the rest may be where a shelter is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listing").field("service_id", &self.service_id).finish_non_exhaustive()
    }
}

impl Listing {
    /// Whether a child can be referred to it now.
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }

    /// Takes in what the centre says of it, which changes while the record stays.
    pub fn stand(&mut self, rules: Rules, standing: &Standing) {
        let status = text(&self.fields, "status").unwrap_or("inactive");
        let closed = standing.suspended && status == "active";
        self.status = if closed { "temporarily closed" } else { status }.to_owned();
        self.suspended = standing.suspended;
        self.agency_id = standing.agency_id;
        self.revision = standing.revision;
        self.assured_on = text(&self.fields, "assured_date").and_then(|day| day.parse().ok());
        self.verified_by_hand_at = standing.verified_at;
        self.rules = rules;
    }

    /// Whether a place of it is protected now and was not, or the other way round.
    pub fn differs_from(&self, protected: &Protected) -> bool {
        self.places.iter().any(|place| place.protected != protected.holds(place.location_id.as_uuid()))
    }

    /// Takes in which places are protected, be it for the sake of another service.
    pub fn protect(&mut self, protected: &Protected) {
        for place in &mut self.places {
            place.protected = protected.holds(place.location_id.as_uuid());
        }
        // Without an area it is for the city where it is, if that may be told.
        let told = |place: &&Place| self.areas.is_empty() && !place.protected;
        let cities = self.places.iter().filter(told).map(|place| &place.city);
        let named = self.areas.iter().chain(cities).map(|name| words(name));
        self.area_words = named.filter(|words| !words.is_empty()).collect();
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.field("name")
    }

    /// A text of the standard; empty when it is missing.
    pub fn field(&self, name: &str) -> &str {
        text(&self.fields, name).unwrap_or_default()
    }

    /// An age of the standard.
    pub fn age(&self, name: &str) -> Option<f64> {
        self.fields.get(name).and_then(Value::as_f64)
    }

    /// When somebody last made sure of it: by hand or by the date that came with it, whichever is later. A day that is
    /// yet to come says nothing.
    pub fn verified_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let assured = self.assured_on.filter(|day| !is_to_come(*day, now));
        let assured = assured.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|at| at.and_utc().min(now));
        self.verified_by_hand_at.into_iter().chain(assured).max()
    }

    /// When it must be verified again: at once, if it never was.
    pub fn due_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.verified_at(now).and_then(|at| at.checked_add_days(Days::new(VERIFIED_FOR_DAYS)))
    }

    /// Whether nobody has made sure of it for a year.
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.due_at(now).is_none_or(|due| due <= now)
    }
}

/// Whether a day has come nowhere on earth.
pub fn is_to_come(day: NaiveDate, now: DateTime<Utc>) -> bool {
    now.checked_add_signed(AHEAD_OF_UTC).is_some_and(|latest| day > latest.date_naive())
}

/// Makes listings of a package.
pub struct Listings<'a> {
    package: &'a Package,
    owned: Owned<'a>,
}

impl<'a> Listings<'a> {
    /// Over this package.
    pub fn of(package: &'a Package) -> Self {
        Self { package, owned: package.by_owner() }
    }

    /// The listing of a service, which tells of no place until it is known which are protected.
    pub fn listing(&self, service: Uuid, record: &Record, rules: Rules, standing: &Standing) -> Listing {
        let of_service = |kind| self.owned(Kind::Service, service, kind);
        let at_places: Vec<_> = of_service(Kind::ServiceAtLocation).collect();
        let locations: Vec<Uuid> = at_places.iter().filter_map(|(_, at)| id(at, "location_id")).collect();
        let organization = id(record, "organization_id");
        // Hours of the service at a place say more than those of the service, and these more than those of a place.
        let mut schedules: Vec<&Record> = at_places
            .iter()
            .flat_map(|(at, _)| self.owned(Kind::ServiceAtLocation, *at, Kind::Schedule))
            .map(second)
            .collect();
        if schedules.is_empty() {
            schedules = of_service(Kind::Schedule).map(second).collect();
        }
        if schedules.is_empty() {
            schedules = locations
                .iter()
                .flat_map(|at| self.owned(Kind::Location, *at, Kind::Schedule))
                .map(second)
                .collect();
        }
        // A number may name the place as well as the service.
        let of_place = |phone: &Record| {
            let at = id(phone, "service_at_location_id");
            let through = || at_places.iter().find(|(place, _)| Some(*place) == at);
            let location = id(phone, "location_id").or_else(|| id(through()?.1, "location_id"));
            location.map(LocationId::from)
        };
        let mut phones: Vec<Phone> =
            of_service(Kind::Phone).map(|(_, phone)| to_phone(phone, of_place(phone))).collect();
        for (at, record) in &at_places {
            let location = id(record, "location_id").map(LocationId::from);
            let at_place = self.owned(Kind::ServiceAtLocation, *at, Kind::Phone);
            phones.extend(at_place.map(|(_, phone)| to_phone(phone, location)));
        }
        if phones.is_empty() {
            let of_organization =
                organization.into_iter().flat_map(|id| self.owned(Kind::Organization, id, Kind::Phone));
            phones.extend(of_organization.map(|(_, phone)| to_phone(phone, of_place(phone))));
        }
        let places: Vec<Place> = locations.iter().filter_map(|location| self.place(*location)).collect();
        let areas: Vec<String> = of_service(Kind::ServiceArea)
            .filter_map(|(_, area)| text(area, "name").or_else(|| text(area, "extent")).map(str::to_owned))
            .collect();
        let mut listing = Listing {
            area_words: Vec::new(),
            service_id: service.into(),
            agency_id: None,
            fields: record.clone(),
            status: String::new(),
            suspended: false,
            organization: organization.map(|id| self.name(Kind::Organization, id)).unwrap_or_default(),
            terms: of_service(Kind::Attribute).filter_map(|(_, attribute)| self.term(attribute)).collect(),
            languages: of_service(Kind::Language).map(|(_, language)| to_language(language)).collect(),
            areas,
            places,
            phones,
            hours: schedules.iter().filter_map(|schedule| Hours::of(schedule)).collect(),
            more_hours: schedules
                .iter()
                .any(|schedule| schedule.contains_key("opens_at") && Hours::of(schedule).is_none()),
            hours_in_words: schedules
                .iter()
                .filter_map(|schedule| text(schedule, "description"))
                .map(str::to_owned)
                .collect(),
            documents: of_service(Kind::RequiredDocument)
                .filter_map(|(_, document)| text(document, "document").map(str::to_owned))
                .collect(),
            capacities: of_service(Kind::ServiceCapacity)
                .map(|(_, capacity)| self.capacity(capacity))
                .collect(),
            rules: Rules::default(),
            verified_by_hand_at: None,
            assured_on: None,
            revision: 0,
        };
        listing.stand(rules, standing);
        listing
    }

    fn owned(&self, owner: Kind, id: Uuid, kind: Kind) -> impl Iterator<Item = (Uuid, &'a Record)> {
        let all = self.owned.get(&(owner, id)).into_iter().flatten();
        all.filter(move |(of, _, _)| *of == kind).map(|(_, id, record)| (*id, *record))
    }

    fn name(&self, kind: Kind, id: Uuid) -> String {
        self.package.get(kind, id).and_then(|record| text(record, "name")).unwrap_or_default().to_owned()
    }

    fn term(&self, attribute: &Record) -> Option<Term> {
        let term_id = id(attribute, "taxonomy_term_id")?;
        let record = self.package.get(Kind::TaxonomyTerm, term_id)?;
        let code = |record| text(record, "code").unwrap_or_default().to_owned();
        let mut keys = BTreeSet::new();
        let mut above = Some((term_id, record));
        while let Some((id_of, record)) = above {
            keys.insert(code(record));
            if !keys.insert(id_of.to_string()) {
                break;
            }
            above =
                id(record, "parent_id").and_then(|up| Some((up, self.package.get(Kind::TaxonomyTerm, up)?)));
        }
        keys.remove("");
        Some(Term { term_id, code: code(record), name: self.name(Kind::TaxonomyTerm, term_id), keys })
    }

    fn place(&self, location: Uuid) -> Option<Place> {
        let record = self.package.get(Kind::Location, location)?;
        let owned = |name: &str| text(record, name).unwrap_or_default().to_owned();
        let number = |name| record.get(name).and_then(Value::as_f64);
        let address = self.owned(Kind::Location, location, Kind::Address).map(second).next();
        let line = |name: &&str| address.and_then(|address| text(address, name)).map(str::to_owned);
        let lines =
            ["attention", "address_1", "address_2", "postal_code", "city", "state_province", "country"];
        Some(Place {
            location_id: location.into(),
            protected: true,
            kind: owned("location_type"),
            name: owned("name"),
            address: lines.iter().filter_map(line).collect(),
            city: line(&"city").unwrap_or_default(),
            position: number("latitude").zip(number("longitude")),
            transportation: owned("transportation"),
            accessibility: self
                .owned(Kind::Location, location, Kind::Accessibility)
                .filter_map(|(_, access)| text(access, "description").map(str::to_owned))
                .collect(),
        })
    }

    fn capacity(&self, record: &Record) -> Capacity {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be from 0 to 1e9"
        )]
        let number = |name| record.get(name).and_then(Value::as_f64).map(|number| number as u32);
        Capacity {
            unit: id(record, "unit_id").map(|unit| self.name(Kind::Unit, unit)).unwrap_or_default(),
            available: number("available").unwrap_or_default(),
            maximum: number("maximum"),
            description: text(record, "description").unwrap_or_default().to_owned(),
            updated_at: text(record, "updated").and_then(|at| at.parse().ok()),
        }
    }
}

fn second((_, record): (Uuid, &Record)) -> &Record {
    record
}

fn to_phone(phone: &Record, of_location: Option<LocationId>) -> Phone {
    Phone {
        number: text(phone, "number").unwrap_or_default().to_owned(),
        extension: phone.get("extension").map(ToString::to_string).unwrap_or_default(),
        description: text(phone, "description").unwrap_or_default().to_owned(),
        of_location,
    }
}

/// The code in lower case.
fn to_language(language: &Record) -> Language {
    let code = text(language, "code").unwrap_or_default().to_lowercase();
    Language { key: language::key(&code), code, name: text(language, "name").unwrap_or_default().to_owned() }
}
