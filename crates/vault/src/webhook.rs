//! Signatures of webhooks, as Standard Webhooks 1.0 has them.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::{Random, VaultError};

const BYTES: usize = 32;
const SHARED: &str = "whsec_";
const PRIVATE: &str = "whsk_";
const PUBLIC: &str = "whpk_";

/// What a webhook is signed with: a secret that both sides know (`v1`), or a private key of ours (`v1a`). `Debug` shows
/// nothing of it; the memory is wiped on drop.
pub enum SigningKey {
    /// HMAC-SHA256.
    Shared(Zeroizing<[u8; BYTES]>),
    /// Ed25519, by its seed.
    Private(Zeroizing<[u8; BYTES]>),
}

impl SigningKey {
    /// A new secret that both sides will know.
    pub fn shared(random: &dyn Random) -> Self {
        Self::Shared(bytes(random))
    }

    /// A new key pair.
    pub fn pair(random: &dyn Random) -> Self {
        Self::Private(bytes(random))
    }

    /// Reads what [`SigningKey::text`] wrote. Error: [`VaultError::NotASigningKey`].
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let read = |encoded| {
            let mut bytes = Zeroizing::new([0; BYTES]);
            let length = STANDARD.decode_slice(encoded, bytes.as_mut_slice());
            (length == Ok(BYTES)).then_some(bytes)
        };
        let shared = text.strip_prefix(SHARED).and_then(read).map(Self::Shared);
        let key = shared.or_else(|| text.strip_prefix(PRIVATE).and_then(read).map(Self::Private));
        key.ok_or(VaultError::NotASigningKey)
    }

    /// The key as it is kept, sealed.
    pub fn text(&self) -> Zeroizing<String> {
        match self {
            Self::Shared(bytes) => encoded(SHARED, bytes.as_slice()),
            Self::Private(bytes) => encoded(PRIVATE, bytes.as_slice()),
        }
    }

    /// What the other side verifies with: the shared secret, or our public key. Error: [`VaultError::NotASigningKey`].
    pub fn shown(&self) -> Result<Zeroizing<String>, VaultError> {
        match self {
            Self::Shared(_) => Ok(self.text()),
            Self::Private(seed) => Ok(encoded(PUBLIC, pair(seed)?.public_key().as_ref())),
        }
    }

    /// The signature of a message: its id, when it was sent in seconds since 1970, and its exact bytes. Error:
    /// [`VaultError::NotASigningKey`].
    pub fn sign(&self, id: &str, at: i64, body: &[u8]) -> Result<String, VaultError> {
        let mut signed = format!("{id}.{at}.").into_bytes();
        signed.extend_from_slice(body);
        Ok(match self {
            Self::Shared(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice());
                format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed)))
            }
            Self::Private(seed) => format!("v1a,{}", STANDARD.encode(pair(seed)?.sign(&signed))),
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey([redacted])")
    }
}

fn bytes(random: &dyn Random) -> Zeroizing<[u8; BYTES]> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    random.fill(bytes.as_mut_slice());
    bytes
}

fn pair(seed: &[u8; BYTES]) -> Result<Ed25519KeyPair, VaultError> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| VaultError::NotASigningKey)
}

fn encoded(prefix: &str, bytes: &[u8]) -> Zeroizing<String> {
    // Room for the whole text from the start, so that no copy is left behind when it grows.
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + BYTES.div_ceil(3) * 4));
    text.push_str(prefix);
    STANDARD.encode_string(bytes, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    #[test]
    fn a_shared_secret_signs_as_another_implementation_does() {
        // Computed apart, with Python's hmac.
        let key = SigningKey::parse(&format!("whsec_{}", STANDARD.encode([7; 32]))).unwrap();
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signature.unwrap(), "v1,YO/ulmd+VFtlnbodv7yLOOsS6RlBZ48h++gXZrGOpZo=");
    }

    #[test]
    fn the_public_key_verifies_what_the_private_one_signed_and_nothing_else() {
        let key = SigningKey::pair(&SystemRandom);
        let shown = key.shown().unwrap();
        let public = STANDARD.decode(shown.strip_prefix("whpk_").unwrap()).unwrap();
        let signature = key.sign("id", 7, b"body").unwrap();
        let signature = STANDARD.decode(signature.strip_prefix("v1a,").unwrap()).unwrap();
        let public = UnparsedPublicKey::new(&ED25519, public);
        assert!(public.verify(b"id.7.body", &signature).is_ok());
        assert!(public.verify(b"id.8.body", &signature).is_err());
    }

    #[test]
    fn a_key_is_read_back_as_it_was_written_and_shows_nothing_of_itself() {
        for key in [SigningKey::shared(&SystemRandom), SigningKey::pair(&SystemRandom)] {
            let again = SigningKey::parse(&key.text()).unwrap();
            assert_eq!(key.sign("a", 1, b"b").unwrap(), again.sign("a", 1, b"b").unwrap());
            assert_eq!(format!("{key:?}"), "SigningKey([redacted])");
        }
        assert!(!SigningKey::pair(&SystemRandom).shown().unwrap().starts_with("whsk_"));
        for wrong in ["", "whsec_", "whsec_AAAA", "whpk_AAAA", &STANDARD.encode([7; 32])] {
            assert_eq!(SigningKey::parse(wrong).unwrap_err(), VaultError::NotASigningKey);
        }
    }
}
