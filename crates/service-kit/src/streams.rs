//! The open streams: how many there may be, and how those of a revoked token are ended.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use helpline_domain::caller::Caller;
use helpline_domain::id::TokenId;
use tokio_util::sync::CancellationToken;

use crate::error::Refusal;

/// When a caller with too many streams may try again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How many streams may be open at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamLimits {
    /// In this process.
    pub total: usize,
    /// With one token in this process.
    pub per_token: usize,
}

/// The streams open in this process. A clone is the same set.
#[derive(Clone, Debug)]
pub struct Streams {
    limits: StreamLimits,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    tokens: HashMap<TokenId, OfToken>,
}

#[derive(Debug)]
struct OfToken {
    caller: Caller,
    hash: [u8; 32],
    count: usize,
    ended: CancellationToken,
}

impl Streams {
    /// None open yet.
    pub fn new(limits: StreamLimits) -> Self {
        Self { limits, open: Arc::default() }
    }

    /// Ends every open stream of a token.
    pub fn end(&self, token_id: TokenId) {
        if let Some(streams) = self.lock().tokens.remove(&token_id) {
            streams.ended.cancel();
        }
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.lock().total
    }

    /// Takes a place for a stream of a token with this hash. Error: TOO_MANY.
    pub(crate) fn open(&self, caller: Caller, hash: [u8; 32]) -> Result<Place, Refusal> {
        let mut open = self.lock();
        if open.total >= self.limits.total {
            return Err(Refusal::too_many(RETRY_AFTER));
        }
        let streams = open.tokens.entry(caller.token_id).or_insert_with(|| OfToken {
            caller,
            hash,
            count: 0,
            ended: CancellationToken::new(),
        });
        if streams.count >= self.limits.per_token {
            return Err(Refusal::too_many(RETRY_AFTER));
        }
        streams.count += 1;
        let ended = streams.ended.clone();
        open.total += 1;
        Ok(Place { streams: self.clone(), token_id: caller.token_id, ended })
    }

    /// Every token with an open stream: who it was when the first of them opened, and its hash.
    pub(crate) fn tokens(&self) -> Vec<(Caller, [u8; 32])> {
        self.lock().tokens.values().map(|streams| (streams.caller, streams.hash)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one open stream; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    streams: Streams,
    token_id: TokenId,
    /// Cancelled when the token is no longer good.
    pub(crate) ended: CancellationToken,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        open.total = open.total.saturating_sub(1);
        // After `end` the entry is gone, or belongs to later streams, which have another token of cancellation.
        if !self.ended.is_cancelled()
            && let Entry::Occupied(mut entry) = open.tokens.entry(self.token_id)
        {
            entry.get_mut().count -= 1;
            if entry.get().count == 0 {
                entry.remove();
            }
        }
    }
}
