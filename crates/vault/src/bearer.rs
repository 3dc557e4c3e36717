//! The token by which a caller is known.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::{Random, VaultError};

const PREFIX: &str = "hlp_";
const SECRET_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 4;
const BYTES: usize = SECRET_BYTES + CHECKSUM_BYTES;
/// 36 bytes fill 48 base64 characters exactly, so every token has one spelling only.
const CHARACTERS: usize = PREFIX.len() + BYTES / 3 * 4;

/// An opaque bearer token: `hlp_`, then 48 characters of base64url holding 32 random bytes and a 4-byte checksum.
///
/// The prefix lets secret scanners find a leaked token; the checksum refuses typing errors without a look-up. It
/// is public and protects nothing: the 32 random bytes do. Only [`BearerToken::hash`] is stored. `Debug` shows
/// nothing of the token; the memory is wiped on drop.
pub struct BearerToken(Zeroizing<String>);

impl BearerToken {
    /// A new token.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let (secret, checksum) = bytes.split_at_mut(SECRET_BYTES);
        random.fill(secret);
        checksum.copy_from_slice(&checksum_of(secret));
        // Room for the whole text from the start, so that no copy is left behind when it grows.
        let mut text = Zeroizing::new(String::with_capacity(CHARACTERS));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        Self(text)
    }

    /// Reads what a caller sent. Error: [`VaultError::NotABearerToken`].
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let encoded = text
            .strip_prefix(PREFIX)
            .filter(|_| text.len() == CHARACTERS)
            .ok_or(VaultError::NotABearerToken)?;
        let mut bytes = Zeroizing::new([0; BYTES]);
        let length = URL_SAFE_NO_PAD
            .decode_slice(encoded, bytes.as_mut_slice())
            .map_err(|_| VaultError::NotABearerToken)?;
        let (secret, checksum) = bytes.split_at(SECRET_BYTES);
        if length != BYTES || checksum != checksum_of(secret) {
            return Err(VaultError::NotABearerToken);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// SHA-256 of the whole text: what is stored and looked up. No salt or stretching is needed for 256 random
    /// bits.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        hash
    }

    /// What a form on a page of the bearer's carries, to prove that the page was made for them: nothing by which they could
    /// be impersonated.
    pub fn form_proof(&self) -> String {
        let mut context = Context::new(&SHA256);
        context.update(b"helpline form");
        context.update(self.0.as_bytes());
        URL_SAFE_NO_PAD.encode(context.finish())
    }

    /// Whether a form carries that proof.
    pub fn has_form_proof(&self, proof: &str) -> bool {
        verify_slices_are_equal(self.form_proof().as_bytes(), proof.as_bytes()).is_ok()
    }

    /// The text itself, to be shown to its owner once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BearerToken([redacted])")
    }
}

fn checksum_of(secret: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut context = Context::new(&SHA256);
    context.update(b"helpline bearer token checksum");
    context.update(secret);
    let mut checksum = [0; CHECKSUM_BYTES];
    for (to, from) in checksum.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn a_generated_token_is_read_back_with_the_same_hash() {
        let token = BearerToken::generate(&SystemRandom);
        assert_eq!(token.expose().len(), 52);
        assert!(token.expose().starts_with("hlp_"));
        let read = BearerToken::parse(token.expose()).unwrap();
        assert_eq!(read.hash(), token.hash());
        assert_ne!(BearerToken::generate(&SystemRandom).hash(), token.hash());
    }

    #[test]
    fn every_single_typing_error_is_refused() {
        let token = BearerToken::generate(&SystemRandom);
        for position in 0..token.expose().len() {
            for wrong in ["A", "b", "-", "=", " ", "é"] {
                let mut text = token.expose().to_owned();
                if text[position..=position] == *wrong {
                    continue;
                }
                text.replace_range(position..=position, wrong);
                assert_eq!(BearerToken::parse(&text).unwrap_err(), VaultError::NotABearerToken);
            }
        }
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        let token = BearerToken::generate(&SystemRandom);
        let text = token.expose();
        for wrong in ["", "hlp_", &text[1..], &text[..51], &format!("{text}A"), &format!(" {text}"), "😀"] {
            assert_eq!(BearerToken::parse(wrong).unwrap_err(), VaultError::NotABearerToken);
        }
    }

    #[test]
    fn the_proof_of_a_form_belongs_to_one_token_and_is_not_its_hash() {
        let (token, other) = (BearerToken::generate(&SystemRandom), BearerToken::generate(&SystemRandom));
        assert!(token.has_form_proof(&token.form_proof()));
        assert!(!token.has_form_proof(&other.form_proof()) && !token.has_form_proof(""));
        assert_ne!(token.form_proof(), URL_SAFE_NO_PAD.encode(token.hash()));
    }

    #[test]
    fn debug_of_a_token_shows_nothing_of_it() {
        let token = BearerToken::generate(&SystemRandom);
        assert_eq!(format!("{token:?}"), "BearerToken([redacted])");
    }
}
