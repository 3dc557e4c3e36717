//! Finds services for a child, and says of each why it fits or which rule it misses.

use std::cmp::Ordering;
use std::str::FromStr as _;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use helpline_domain::caller::Caller;
use helpline_domain::service::fit::{Fit, Rule, Verdict, Wish, fit, opening};
use helpline_domain::service::hours::Open;
use helpline_domain::service::listing::Listing;
use helpline_service_kit::{Ctx, Refusal};

use tokio::task::spawn_blocking;

use super::catalogue::{Catalogue, Catalogues};
use super::counted::Counted;
use super::vocabulary::Likeness;

/// What misses by more rules is not shown.
const MOST_MISSED: usize = 2;

/// What is looked for.
#[derive(Clone)]
pub(crate) struct SearchServices {
    /// Words of its name; empty for any.
    pub(crate) text: String,
    /// What the child needs.
    pub(crate) wish: Wish,
    /// How many at most.
    pub(crate) size: usize,
}

/// A service that was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) listing: Arc<Listing>,
    pub(crate) fit: Fit,
    /// How well its words match, if words were asked for.
    pub(crate) likeness: Option<Likeness>,
    /// Whether it is open.
    pub(crate) open: Open,
    stale: bool,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct FoundServices {
    pub(crate) services: Vec<Found>,
    /// How many fit in all.
    pub(crate) fitting: usize,
    /// As of when.
    pub(crate) now: DateTime<Utc>,
}

/// Finds services. Error: NOT_FOUND for a term that the directory does not have.
pub(crate) async fn search_services(
    ctx: &Ctx,
    catalogues: &Catalogues,
    caller: &Caller,
    search: SearchServices,
) -> Result<FoundServices, Refusal> {
    let catalogue = catalogues.of(ctx, caller.centre_id).await?;
    if search.wish.terms.iter().any(|term| !catalogue.terms.contains(term)) {
        return Err(Refusal::not_found("term"));
    }
    let now = ctx.store.now().await?;
    let settings = ctx.settings.current(caller.centre_id).await?;
    let zone = Tz::from_str(&settings.settings.hours.time_zone).unwrap_or(Tz::UTC);
    // Who asks for places asks it of every service; otherwise it is told of those that are found.
    let counted = match search.wish.places {
        0 => Counted::default(),
        _ => Counted::of(ctx, caller, None).await?,
    };
    // Whatever else this process does must not wait for it.
    let found = spawn_blocking(move || best(&catalogue, &counted, &search, now, zone)).await;
    let mut found = found.map_err(|error| Refusal::internal(&error))?;
    let ids: Vec<_> = found.services.iter().map(|one| one.listing.service_id).collect();
    let counted = Counted::of(ctx, caller, Some(&ids)).await?;
    for one in &mut found.services {
        one.listing = counted.current(&one.listing);
    }
    Ok(found)
}

fn best(
    catalogue: &Catalogue,
    counted: &Counted,
    search: &SearchServices,
    now: DateTime<Utc>,
    zone: Tz,
) -> FoundServices {
    let mut services = candidates(catalogue, counted, search, now, zone);
    let fitting = services.iter().filter(|found| found.fit.count(Verdict::Fails) == 0).count();
    services.sort_by(better);
    services.truncate(search.size);
    for found in &mut services {
        found.open = opening(&found.listing, now, zone);
    }
    FoundServices { services, fitting, now }
}

fn candidates(
    catalogue: &Catalogue,
    counted: &Counted,
    search: &SearchServices,
    now: DateTime<Utc>,
    zone: Tz,
) -> Vec<Found> {
    let matching = (!search.text.is_empty()).then(|| catalogue.vocabulary.find(&search.text));
    let numbered = (0_u32..).zip(&catalogue.listings).filter(|(_, listing)| listing.is_active());
    let mut found = Vec::new();
    for (slot, listing) in numbered {
        let likeness = matching.as_ref().map(|matching| matching.get(&slot).copied());
        if likeness == Some(None) {
            continue;
        }
        let fit = fit(&search.wish, (listing, counted.places(listing)), now, zone);
        let other = fit.verdicts.contains(&(Rule::Term, Verdict::Fails));
        if !other && fit.count(Verdict::Fails) <= MOST_MISSED {
            let listing = Arc::clone(listing);
            found.push(Found {
                stale: listing.is_stale(now),
                listing,
                fit,
                likeness: likeness.flatten(),
                open: Open::NotStated,
            });
        }
    }
    found
}

/// The better first: fewer rules missed, all of its words, verified, how well they match, fewer questions left, nearer. What somebody
/// names in full is not behind what shares a word with it, be it ever so stale.
fn better(one: &Found, other: &Found) -> Ordering {
    let in_part = |found: &Found| found.likeness.is_some_and(|likeness| !likeness.whole);
    let counted = |found: &Found| (found.fit.count(Verdict::Fails), in_part(found), found.stale);
    let likeness = |found: &Found| found.likeness.unwrap_or_default().score;
    let distance = |found: &Found| found.fit.distance_km.unwrap_or(f64::MAX);
    counted(one)
        .cmp(&counted(other))
        .then_with(|| likeness(other).total_cmp(&likeness(one)))
        .then_with(|| one.fit.count(Verdict::NotStated).cmp(&other.fit.count(Verdict::NotStated)))
        .then_with(|| distance(one).total_cmp(&distance(other)))
        .then_with(|| one.listing.service_id.cmp(&other.listing.service_id))
}
