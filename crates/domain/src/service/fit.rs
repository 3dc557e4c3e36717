//! Which of a child's needs a service meets, rule by rule.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::fold::Word;
use super::hours::{Open, any_at};
use super::listing::{Capacity, Listing};

/// What is looked for. What is missing or empty is not asked.
#[derive(Clone, Default)]
pub struct Wish {
    /// Terms, by code or id: any of them.
    pub terms: Vec<String>,
    /// Age of the child in years.
    pub age: Option<u32>,
    /// `female`, `male` or `other`.
    pub gender: String,
    /// Languages, any of them, as [`key`](super::language::key) says them.
    pub languages: Vec<String>,
    /// Migration or protection status.
    pub status: String,
    /// Two letters of ISO 3166.
    pub nationality: String,
    /// Whether they come with children of their own.
    pub with_children: bool,
    /// Whether they are pregnant.
    pub pregnant: bool,
    /// The words of where they are.
    pub area: Vec<Word>,
    /// Where they are, as latitude and longitude.
    pub position: Option<(f64, f64)>,
    /// How far they can go.
    pub within_km: Option<f64>,
    /// Whether it must be open now.
    pub open_now: bool,
    /// How many places of one unit must be free.
    pub places: u32,
    /// The key of that unit; any, when empty.
    pub unit: String,
}

impl std::fmt::Debug for Wish {
    /// Nothing: a child is described in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wish")
    }
}

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each is the field of the wish with its name")]
pub enum Rule {
    Term,
    Age,
    Gender,
    Language,
    Status,
    Nationality,
    WithChildren,
    Pregnant,
    Area,
    Distance,
    Open,
    Places,
}

/// What came of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// The service says that it fits.
    Fits,
    /// It says nothing about it: ask.
    NotStated,
    /// It says that it does not.
    Fails,
}

/// What came of all comparisons.
#[derive(Clone, PartialEq, Debug)]
pub struct Fit {
    /// Each rule that was asked for, in the order of [`Rule`].
    pub verdicts: Vec<(Rule, Verdict)>,
    /// How far it is, in kilometres, if both sides say where they are and it may be told.
    pub distance_km: Option<f64>,
}

impl Fit {
    /// How many rules came to this.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.iter().filter(|(_, came)| *came == verdict).count()
    }
}

/// Compares a service, with what is known of its places, with a wish.
pub fn fit(wish: &Wish, (listing, places): (&Listing, &[Capacity]), now: DateTime<Utc>, zone: Tz) -> Fit {
    let mut verdicts = Vec::new();
    let mut judge = |rule, asked: bool, verdict: &dyn Fn() -> Verdict| {
        if asked {
            verdicts.push((rule, verdict()));
        }
    };
    let rules = &listing.rules;
    let distance_km = distance(wish, listing);
    judge(Rule::Term, !wish.terms.is_empty(), &|| {
        let found =
            listing.terms.iter().any(|term| wish.terms.iter().any(|wanted| term.keys.contains(wanted)));
        stated(!listing.terms.is_empty(), found)
    });
    judge(Rule::Age, wish.age.is_some(), &|| {
        let age = f64::from(wish.age.unwrap_or_default());
        let (least, most) = (listing.age("minimum_age"), listing.age("maximum_age"));
        let fits = least.is_none_or(|least| least <= age) && most.is_none_or(|most| age <= most);
        stated(least.is_some() || most.is_some(), fits)
    });
    judge(Rule::Gender, !wish.gender.is_empty(), &|| allowed(&wish.gender, &rules.genders, &[]));
    judge(Rule::Language, !wish.languages.is_empty(), &|| language(wish, listing));
    judge(Rule::Status, !wish.status.is_empty(), &|| {
        allowed(&wish.status, &rules.statuses, &rules.statuses_refused)
    });
    judge(Rule::Nationality, !wish.nationality.is_empty(), &|| {
        allowed(&wish.nationality, &rules.nationalities, &rules.nationalities_refused)
    });
    let flag = |flag: Option<bool>| stated(flag.is_some(), flag.unwrap_or_default());
    judge(Rule::WithChildren, wish.with_children, &|| flag(rules.with_children));
    judge(Rule::Pregnant, wish.pregnant, &|| flag(rules.pregnant));
    judge(Rule::Area, !wish.area.is_empty(), &|| area(&wish.area, listing));
    judge(Rule::Distance, wish.position.is_some() && wish.within_km.is_some(), &|| {
        let anywhere = listing.places.iter().any(|place| place.kind == "virtual");
        let near = distance_km.zip(wish.within_km).is_some_and(|(distance, within)| distance <= within);
        stated(anywhere || distance_km.is_some(), anywhere || near)
    });
    judge(Rule::Open, wish.open_now, &|| {
        let open = opening(listing, now, zone);
        stated(open != Open::NotStated, open == Open::Now)
    });
    judge(Rule::Places, wish.places > 0, &|| {
        let asked = || places.iter().filter(|capacity| wish.unit.is_empty() || capacity.is_of(&wish.unit));
        stated(asked().next().is_some(), asked().any(|capacity| capacity.available >= wish.places))
    });
    Fit { verdicts, distance_km }
}

/// Whether a service is open, or takes children in whatever its hours say.
pub fn opening(listing: &Listing, now: DateTime<Utc>, zone: Tz) -> Open {
    if listing.rules.intake_at_any_hour {
        return Open::Now;
    }
    match any_at(&listing.hours, now, zone) {
        Open::Next(_) if listing.more_hours => Open::NotStated,
        open => open,
    }
}

const fn stated(stated: bool, fits: bool) -> Verdict {
    match (stated, fits) {
        (false, _) => Verdict::NotStated,
        (true, true) => Verdict::Fits,
        (true, false) => Verdict::Fails,
    }
}

fn allowed(one: &str, taken: &[String], refused: &[String]) -> Verdict {
    let among = |list: &[String]| list.iter().any(|entry| entry.eq_ignore_ascii_case(one));
    stated(!taken.is_empty() || !refused.is_empty(), !among(refused) && (taken.is_empty() || among(taken)))
}

fn language(wish: &Wish, listing: &Listing) -> Verdict {
    let mut spoken = listing.languages.iter().filter_map(|language| language.key.as_ref());
    if spoken.any(|spoken| wish.languages.contains(spoken)) {
        return Verdict::Fits;
    }
    // An interpreter may speak any language, and so may whoever speaks one that has no code: ask.
    let interpreted = !listing.field("interpretation_services").is_empty();
    let coded = listing.languages.iter().all(|language| language.key.is_some());
    stated(!listing.languages.is_empty() && coded && !interpreted, false)
}

/// Whether every word of the area stands in the name of one area or city of the service.
fn area(wanted: &[Word], listing: &Listing) -> Verdict {
    let mut known = listing.area_words.iter();
    let fits = known.any(|name| wanted.iter().all(|word| name.iter().any(|other| same(word, other))));
    stated(!listing.area_words.is_empty(), fits)
}

fn same(one: &Word, other: &Word) -> bool {
    one.folded == other.folded || (!one.bones.is_empty() && one.bones == other.bones)
}

/// How far the nearest place is. Of one that is protected nothing is told: three distances would be the address.
fn distance(wish: &Wish, listing: &Listing) -> Option<f64> {
    let here = wish.position?;
    let told = listing.places.iter().filter(|place| !place.protected).filter_map(|place| place.position);
    told.map(|there| kilometres(here, there)).min_by(f64::total_cmp)
}

/// The way between two points of the earth as the crow flies.
fn kilometres((latitude, longitude): (f64, f64), (to_latitude, to_longitude): (f64, f64)) -> f64 {
    const DIAMETER: f64 = 2.0 * 6371.0;
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let across =
        latitude.to_radians().cos() * to_latitude.to_radians().cos() * half(to_longitude - longitude);
    DIAMETER * (half(to_latitude - latitude) + across).sqrt().min(1.0).asin()
}
