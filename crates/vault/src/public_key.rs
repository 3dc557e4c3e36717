//! Keys of others: what they sign is verified, and nothing is kept secret.

use std::fmt;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::VaultError;

const BYTES: usize = 32;
/// As Standard Webhooks 1.0 writes a public key.
const PREFIX: &str = "whpk_";

/// A public key of somebody else, Ed25519 (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey([u8; BYTES]);

impl PublicKey {
    /// Reads `whpk_` and the base64 of 32 bytes. Error: [`VaultError::NotAPublicKey`].
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let mut bytes = [0; BYTES];
        let encoded = text.strip_prefix(PREFIX).ok_or(VaultError::NotAPublicKey)?;
        match STANDARD.decode_slice(encoded, &mut bytes) {
            // All zero is a placeholder.
            Ok(BYTES) if bytes != [0; BYTES] => Ok(Self(bytes)),
            _ => Err(VaultError::NotAPublicKey),
        }
    }

    /// Whether a signature, the base64 of 64 bytes, is of these very bytes by the holder of the key.
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        STANDARD.decode(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PREFIX}{}", STANDARD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first test of RFC 8032, 7.1: of no bytes at all.
    const KEY: [u8; 32] = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e,
        0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
    ];
    const SIGNATURE: [u8; 64] = [
        0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80, 0x6e, 0x82, 0x8a, 0x84,
        0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73, 0xe0, 0x65, 0x22, 0x49, 0x01, 0x55, 0x5f, 0xb8,
        0x82, 0x15, 0x90, 0xa3, 0x3b, 0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b, 0xd2, 0x5b, 0xf5,
        0xf0, 0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b,
    ];

    #[test]
    fn what_the_holder_has_signed_is_verified_and_nothing_else() {
        let key = PublicKey::parse(&format!("whpk_{}", STANDARD.encode(KEY))).unwrap();
        let signature = STANDARD.encode(SIGNATURE);
        assert!(key.verifies(b"", &signature));
        assert!(!key.verifies(b" ", &signature));
        assert!(!key.verifies(b"", &STANDARD.encode([7; 64])));
        assert!(
            !key.verifies(b"", "")
                && !key.verifies(b"", "not base64")
                && !key.verifies(b"", &signature[..84])
        );
        assert_eq!(PublicKey::parse(&key.to_string()), Ok(key));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let private = format!("whsk_{}", STANDARD.encode(KEY));
        let nothing = format!("whpk_{}", STANDARD.encode([0; 32]));
        let long = format!("whpk_{}", STANDARD.encode([7; 33]));
        for wrong in ["", "whpk_", "whpk_AAAA", &private, &nothing, &long, &STANDARD.encode(KEY)] {
            assert_eq!(PublicKey::parse(wrong), Err(VaultError::NotAPublicKey), "{wrong}");
        }
    }
}
