//! Who bears a token: asked of the store, remembered for a second.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use helpline_domain::caller::Caller;
use helpline_domain::id::{AgencyId, CounsellorId, TokenId};
use helpline_store::{Store, StoreError};

use crate::clock::Clock;
use crate::error::Refusal;
use crate::streams::Streams;

/// How long a caller is remembered at most: a token that expires is refused after this time. A revocation is heard of
/// sooner, through the journal ([`Authenticator::forget`]).
const REMEMBER: Duration = Duration::from_secs(1);
/// How many callers are remembered at most.
const CAPACITY: usize = 20_000;

/// Where tokens are looked up.
pub trait TokenSource: Send + Sync + 'static {
    /// Who bears the token with this SHA-256: `None` when it is unknown, expired or revoked, or its bearer left.
    fn bearer(&self, hash: [u8; 32]) -> impl Future<Output = Result<Option<Caller>, StoreError>> + Send;

    /// The same for many: those that are good, in any order.
    fn bearers(
        &self,
        hashes: &[[u8; 32]],
    ) -> impl Future<Output = Result<Vec<([u8; 32], Caller)>, StoreError>> + Send {
        async move {
            let mut good = Vec::new();
            for hash in hashes {
                good.extend(self.bearer(*hash).await?.map(|caller| (*hash, caller)));
            }
            Ok(good)
        }
    }
}

impl TokenSource for Store {
    async fn bearer(&self, hash: [u8; 32]) -> Result<Option<Caller>, StoreError> {
        // When it expires is not needed here: what is remembered is asked again within a second, and open streams are
        // rechecked.
        if let Some((caller, _expires)) = self.authenticate(&hash).await? {
            return Ok(Some(caller));
        }
        self.authenticate_link(&hash).await
    }

    async fn bearers(&self, hashes: &[[u8; 32]]) -> Result<Vec<([u8; 32], Caller)>, StoreError> {
        self.authenticate_all(hashes).await
    }
}

/// The same for trait objects, so that the access layer has no type parameter.
trait AnySource: Send + Sync {
    fn bearer(&self, hash: [u8; 32]) -> BoxFuture<'_, Result<Option<Caller>, StoreError>>;
    fn bearers<'a>(&'a self, hashes: &'a [[u8; 32]]) -> BoxFuture<'a, Bearers>;
}

type Bearers = Result<Vec<([u8; 32], Caller)>, StoreError>;

impl<S: TokenSource> AnySource for S {
    fn bearer(&self, hash: [u8; 32]) -> BoxFuture<'_, Result<Option<Caller>, StoreError>> {
        Box::pin(TokenSource::bearer(self, hash))
    }

    fn bearers<'a>(&'a self, hashes: &'a [[u8; 32]]) -> BoxFuture<'a, Bearers> {
        Box::pin(TokenSource::bearers(self, hashes))
    }
}

/// Finds out who calls. A clone is the same authenticator.
///
/// A good answer is remembered for a second from the moment it was asked for, or until some token is revoked; a refusal
/// never. When the store does not
/// answer, nobody comes in.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    source: Box<dyn AnySource>,
    clock: Arc<dyn Clock>,
    streams: Streams,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    callers: HashMap<[u8; 32], (Caller, Instant)>,
    /// Counts invalidations, so that an answer asked for before one is not remembered after it.
    generation: u64,
}

impl Authenticator {
    /// An authenticator that asks `source` and ends the streams of revoked tokens.
    pub fn new(source: impl TokenSource, clock: Arc<dyn Clock>, streams: Streams) -> Self {
        Self(Arc::new(Inner { source: Box::new(source), clock, streams, known: Mutex::default() }))
    }

    /// Who bears the token with this hash. Errors: TOKEN_REFUSED, STORE_UNAVAILABLE, INTERNAL.
    pub async fn authenticate(&self, hash: [u8; 32]) -> Result<Caller, Refusal> {
        let asked = self.0.clock.instant();
        let generation = {
            let known = self.known();
            if let Some((caller, since)) = known.callers.get(&hash)
                && asked.saturating_duration_since(*since) < REMEMBER
            {
                return Ok(*caller);
            }
            known.generation
        };
        let caller = self.0.source.bearer(hash).await?.ok_or_else(Refusal::token_refused)?;
        let mut known = self.known();
        // Whoever came by a link calls seldom, and is cut off by more than the journal tells of: asked for each time.
        if known.generation == generation && caller.only.is_none() {
            if known.callers.len() >= CAPACITY {
                known.callers.retain(|_, (_, since)| asked.saturating_duration_since(*since) < REMEMBER);
            }
            if known.callers.len() < CAPACITY {
                known.callers.insert(hash, (caller, asked));
            }
        }
        Ok(caller)
    }

    /// Forgets a token that was revoked and ends its streams. To be called in every process.
    pub fn invalidate(&self, token_id: TokenId) {
        {
            let mut known = self.known();
            known.generation += 1;
            known.callers.retain(|_, (caller, _)| caller.token_id != token_id);
        }
        self.0.streams.end(token_id);
    }

    /// Forgets every token of a counsellor who left and ends their streams. To be called in every process.
    pub fn invalidate_counsellor(&self, counsellor_id: CounsellorId) {
        self.invalidate_all(|caller| caller.counsellor_id == Some(counsellor_id));
    }

    /// The same for the responders of an agency that is asked no longer.
    pub fn invalidate_agency(&self, agency_id: AgencyId) {
        self.invalidate_all(|caller| caller.agency_id == Some(agency_id));
    }

    fn invalidate_all(&self, is_theirs: impl Fn(&Caller) -> bool) {
        {
            let mut known = self.known();
            known.generation += 1;
            known.callers.retain(|_, (caller, _)| !is_theirs(caller));
        }
        for (caller, _) in self.0.streams.tokens() {
            if is_theirs(&caller) {
                self.0.streams.end(caller.token_id);
            }
        }
    }

    /// Asks again for every token with an open stream and ends the streams of those no longer good: the way in which
    /// expiry, and a revocation whose news got lost, reach open streams. While the store does not answer, what is open
    /// stays open: it was let in when its bearer was known. Error: the store's, after which nothing was checked.
    pub async fn recheck_streams(&self) -> Result<(), StoreError> {
        let open = self.0.streams.tokens();
        if open.is_empty() {
            return Ok(());
        }
        let hashes: Vec<_> = open.iter().map(|(_, hash)| *hash).collect();
        let good: HashMap<_, _> = self.0.source.bearers(&hashes).await?.into_iter().collect();
        for (caller, hash) in open {
            if good.get(&hash) != Some(&caller) {
                self.invalidate(caller.token_id);
            }
        }
        Ok(())
    }

    /// Forgets everybody, so that each is asked for again: some token was revoked somewhere.
    pub fn forget(&self) {
        let mut known = self.known();
        known.generation += 1;
        known.callers.clear();
    }

    /// The open streams.
    pub fn streams(&self) -> &Streams {
        &self.0.streams
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").finish_non_exhaustive()
    }
}
