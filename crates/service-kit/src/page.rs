//! Pages of lists: how many entries, and the sealed token that says where the next page begins.

use helpline_domain::caller::Caller;
use helpline_vault::Vault;
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Refusal;

/// Entries of a page when the caller does not say.
pub const DEFAULT_SIZE: u32 = 50;
/// Entries of a page at most.
pub const LARGEST_SIZE: u32 = 500;

/// The page size for a wish: 50 for 0, at most 500.
pub const fn clamp(wish: u32) -> u32 {
    match wish {
        0 => DEFAULT_SIZE,
        wish if wish > LARGEST_SIZE => LARGEST_SIZE,
        wish => wish,
    }
}

/// Makes and reads the page tokens of one question: one method, one centre, one caller, one filter. A token of another
/// question does not open, and no token shows what is in it.
pub struct PageTokens<'a> {
    vault: &'a Vault,
    method: &'static str,
    binding: Vec<u8>,
}

impl<'a> PageTokens<'a> {
    /// The tokens of the question that `caller` asks `method` with `filter`: the request's filter, or the request
    /// itself without page size and page token.
    pub fn new(vault: &'a Vault, method: &'static str, caller: &Caller, filter: &impl Message) -> Self {
        // All parts but the last have a fixed length, so no two questions give the same bytes.
        let mut binding = Vec::with_capacity(64);
        binding.extend_from_slice(caller.centre_id.as_uuid().as_bytes());
        binding.extend_from_slice(caller.principal().as_bytes());
        binding.extend_from_slice(&filter.encode_to_vec());
        Self { vault, method, binding }
    }

    /// Where the page begins: `None` for the first, which has an empty token. Error: INVALID_PAGE_TOKEN.
    pub fn open<T: DeserializeOwned>(&self, token: &str) -> Result<Option<T>, Refusal> {
        if token.is_empty() {
            return Ok(None);
        }
        let body = self
            .vault
            .open_token(self.method, &self.binding, token)
            .map_err(|_| Refusal::invalid_page_token())?;
        // A token of an older version of the server opens, but may hold something else.
        serde_json::from_slice(&body).map(Some).map_err(|_| Refusal::invalid_page_token())
    }

    /// The token of the page that begins at `position`; empty without one.
    pub fn seal<T: Serialize>(&self, position: Option<&T>) -> Result<String, Refusal> {
        let Some(position) = position else { return Ok(String::new()) };
        let body = serde_json::to_vec(position).map_err(|error| Refusal::internal(&error))?;
        Ok(self.vault.seal_token(self.method, &self.binding, &body))
    }
}

/// Cuts a page out of `size + 1` entries read: the entries, and the position of the last one if more follow.
pub fn cut<E, T>(mut entries: Vec<E>, size: u32, position: impl FnOnce(&E) -> T) -> (Vec<E>, Option<T>) {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = entries.len() > size;
    entries.truncate(size);
    let next = entries.last().filter(|_| more).map(position);
    (entries, next)
}

#[cfg(test)]
mod tests;
