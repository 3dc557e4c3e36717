//! The directory of a centre in the memory of this process, made of rows and kept by their revision.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use helpline_domain::id::{CentreId, ServiceId};
use helpline_domain::service::kind::Kind;
use helpline_domain::service::listing::{Listing, Listings};
use helpline_domain::service::package::{Package, text};
use helpline_domain::service::protected::Protected;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::service::{DirectoryRevision, Service};
use tokio::task::spawn_blocking;

use super::vocabulary::Vocabulary;

/// What the words of a listing are worth, by where they stand.
const NAME: f32 = 1.0;
const OTHER_NAME: f32 = 0.9;
const TERM: f32 = 0.8;
const ORGANIZATION: f32 = 0.7;
const AREA: f32 = 0.5;
const DESCRIPTION: f32 = 0.4;

/// Everything that is listed at one revision.
#[derive(Debug)]
pub(crate) struct Catalogue {
    revision: DirectoryRevision,
    /// By id.
    pub(crate) listings: Vec<Arc<Listing>>,
    slots: Arc<HashMap<ServiceId, usize>>,
    /// Its slots are those of `listings`.
    pub(crate) vocabulary: Arc<Vocabulary>,
    /// Codes and ids of every term.
    pub(crate) terms: Arc<HashSet<String>>,
}

impl Catalogue {
    /// One service.
    pub(crate) fn get(&self, id: ServiceId) -> Option<&Arc<Listing>> {
        self.listings.get(*self.slots.get(&id)?)
    }

    fn build(revision: DirectoryRevision, records: &Package, services: &[Service]) -> Self {
        let mut vocabulary = Vocabulary::default();
        let mut terms = HashSet::new();
        for (id, term) in records.of(Kind::TaxonomyTerm) {
            terms.insert(id.to_string());
            terms.extend(text(term, "code").map(str::to_owned));
        }
        let mut listings = Vec::new();
        let mut slots = HashMap::new();
        {
            let of = Listings::of(records);
            for (slot, service) in services.iter().enumerate() {
                let listing = listing(&of, service);
                words_of(&listing, u32::try_from(slot).unwrap_or(u32::MAX), &mut vocabulary);
                slots.insert(service.service_id, slot);
                listings.push(Arc::new(listing));
            }
        }
        let protected = protected(&listings);
        for listing in &mut listings {
            Arc::make_mut(listing).protect(&protected);
        }
        Self {
            revision,
            listings,
            slots: Arc::new(slots),
            vocabulary: Arc::new(vocabulary),
            terms: Arc::new(terms),
        }
    }

    /// The same with services of which the centre says something else now. Nothing, when one is not among them.
    fn with(&self, revision: DirectoryRevision, services: &[Service]) -> Option<Self> {
        let mut listings = self.listings.clone();
        for service in services {
            let listing = listings.get_mut(*self.slots.get(&service.service_id)?)?;
            Arc::make_mut(listing).stand(service.rules.clone(), &service.standing);
        }
        // What is said of one service protects others that are in its house.
        let protected = protected(&listings);
        for listing in listings.iter_mut().filter(|listing| listing.differs_from(&protected)) {
            Arc::make_mut(listing).protect(&protected);
        }
        Some(Self {
            revision,
            listings,
            slots: Arc::clone(&self.slots),
            vocabulary: Arc::clone(&self.vocabulary),
            terms: Arc::clone(&self.terms),
        })
    }
}

fn protected(listings: &[Arc<Listing>]) -> Protected {
    Protected::of_listings(listings.iter().map(Arc::as_ref))
}

fn listing(of: &Listings<'_>, service: &Service) -> Listing {
    of.listing(service.service_id.as_uuid(), &service.fields, service.rules.clone(), &service.standing)
}

/// Nothing that is protected is among the words: by searching nobody may find a street.
fn words_of(listing: &Listing, slot: u32, vocabulary: &mut Vocabulary) {
    let mut add = |text: &str, worth| vocabulary.add(slot, text, worth);
    add(listing.name(), NAME);
    add(listing.field("alternate_name"), OTHER_NAME);
    add(&listing.organization, ORGANIZATION);
    add(listing.field("description"), DESCRIPTION);
    for term in &listing.terms {
        add(&term.name, TERM);
    }
    for area in &listing.areas {
        add(area, AREA);
    }
}

/// The catalogues of this process. A clone is the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogues(Arc<Mutex<HashMap<CentreId, Arc<Known>>>>);

/// The catalogue of one centre; one at a time makes it anew.
#[derive(Debug, Default)]
struct Known {
    latest: Mutex<Option<Arc<Catalogue>>>,
    making: tokio::sync::Mutex<()>,
}

impl Known {
    fn at(&self, revision: DirectoryRevision) -> Option<Arc<Catalogue>> {
        self.latest().filter(|known| known.revision == revision)
    }

    fn latest(&self) -> Option<Arc<Catalogue>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Catalogues {
    /// The catalogue of a centre as of now: what was committed before this call is in it.
    pub(crate) async fn of(&self, ctx: &Ctx, centre: CentreId) -> Result<Arc<Catalogue>, Refusal> {
        let known = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(centre).or_default())
        };
        let revision = ctx.store.directory_revision(centre).await?;
        if let Some(catalogue) = known.at(revision) {
            return Ok(catalogue);
        }
        let _making = known.making.lock().await;
        // Asked again: somebody else may have made it, or it may have changed once more.
        let revision = ctx.store.directory_revision(centre).await?;
        if let Some(catalogue) = known.at(revision) {
            return Ok(catalogue);
        }
        let catalogue = Arc::new(make(ctx, centre, revision, known.latest()).await?);
        *known.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&catalogue));
        Ok(catalogue)
    }
}

/// Makes a catalogue of what has changed, or of everything. What changes meanwhile is in it or comes with the next.
async fn make(
    ctx: &Ctx,
    centre: CentreId,
    revision: DirectoryRevision,
    before: Option<Arc<Catalogue>>,
) -> Result<Catalogue, Refusal> {
    if let Some(before) =
        before.filter(|before| before.revision.imported_revision == revision.imported_revision)
    {
        let changed = ctx.store.services_since(centre, before.revision.revision).await?;
        if let Some(catalogue) = before.with(revision, &changed) {
            return Ok(catalogue);
        }
    }
    let records = ctx.store.directory_records(centre).await?;
    let services = ctx.store.services_since(centre, -1).await?;
    let made = spawn_blocking(move || Catalogue::build(revision, &records, &services)).await;
    made.map_err(|error| Refusal::internal(&error))
}
