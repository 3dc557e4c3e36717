//! The keys, as the operator configures them.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, LessSafeKey, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::VaultError;

const KEY_BYTES: usize = 32;
/// Characters of the base64 of a key, with padding.
const KEY_CHARACTERS: usize = 44;

// Changing any of these makes every value sealed or indexed so far unreadable.
const SALT: &[u8] = b"helpline vault v1";
const FIELD_KEY: &[u8] = b"sealed field";
const TOKEN_KEY: &[u8] = b"opaque token";
const INDEX_KEY: &[u8] = b"blind index";
const DIGEST_KEY: &[u8] = b"command digest";

type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// The keys of a deployment: several encryption keys, of which the first seals and all open, and one index key.
///
/// Holds only keys derived for one purpose each. The configured bytes are wiped when [`KeyRing::parse`] returns;
/// the derived keys live in the crypto library's memory, which it wipes when the ring is dropped. `Debug` shows
/// only key ids.
///
/// To rotate, put a new key with a new id first and keep the old ones until nothing is sealed with them. The
/// index key does not rotate: with another one, no stored blind index matches any more.
pub struct KeyRing {
    sealing: RingKey,
    older: Vec<RingKey>,
    index: hmac::Key,
    digest: hmac::Key,
}

/// The keys derived from one encryption key.
pub(crate) struct RingKey {
    pub(crate) id: u16,
    pub(crate) fields: LessSafeKey,
    pub(crate) tokens: LessSafeKey,
}

impl KeyRing {
    /// Reads the keys of the configuration.
    ///
    /// Each of `keys` is `<key id 1..=65535>:<base64 of 32 bytes>`; the first one seals. `index_key` is the
    /// base64 of 32 bytes, without an id. White space around a key is ignored. Refuses an empty list, repeated
    /// ids, repeated keys, keys of another length, and keys whose bytes are all equal; errors name a position or
    /// key id and never contain key material.
    pub fn parse(keys: &[String], index_key: &str) -> Result<Self, VaultError> {
        let mut seen: Vec<(u16, KeyBytes)> = Vec::with_capacity(keys.len());
        for (index, text) in keys.iter().enumerate() {
            let (key_id, bytes) = parse_key(text).ok_or(VaultError::KeyFormat { position: index + 1 })?;
            if is_weak(&bytes) {
                return Err(VaultError::WeakKey { key_id });
            }
            if seen.iter().any(|(id, _)| *id == key_id) {
                return Err(VaultError::DuplicateKeyId { key_id });
            }
            if seen.iter().any(|(_, other)| *other == bytes) {
                return Err(VaultError::RepeatedKey { key_id });
            }
            seen.push((key_id, bytes));
        }
        let index_bytes = decode(index_key.trim()).ok_or(VaultError::IndexKeyFormat)?;
        if is_weak(&index_bytes) {
            return Err(VaultError::WeakIndexKey);
        }
        if seen.iter().any(|(_, bytes)| *bytes == index_bytes) {
            return Err(VaultError::RepeatedIndexKey);
        }

        let mut derived = seen.iter().map(|(id, bytes)| RingKey::derive(*id, bytes));
        let sealing = derived.next().ok_or(VaultError::NoKeys)??;
        let older = derived.collect::<Result<_, _>>()?;
        let master = extract(&index_bytes);
        Ok(Self {
            sealing,
            older,
            index: hmac::Key::new(hmac::HMAC_SHA256, expand(&master, INDEX_KEY)?.as_slice()),
            digest: hmac::Key::new(hmac::HMAC_SHA256, expand(&master, DIGEST_KEY)?.as_slice()),
        })
    }

    /// Makes a new encryption key in the form that [`KeyRing::parse`] reads; `key_id` must be above 0. `random`
    /// fills the slice it is given.
    pub fn generate_key(key_id: u16, random: &dyn Fn(&mut [u8])) -> String {
        format!("{key_id}:{}", *encode(random))
    }

    /// Makes a new index key in the form that [`KeyRing::parse`] reads.
    pub fn generate_index_key(random: &dyn Fn(&mut [u8])) -> String {
        encode(random).to_string()
    }

    /// The ids of the encryption keys; the first one seals.
    pub fn key_ids(&self) -> Vec<u16> {
        self.keys().map(|key| key.id).collect()
    }

    /// The key that seals.
    pub(crate) const fn sealing_key(&self) -> &RingKey {
        &self.sealing
    }

    /// The key with this id; rings are a handful of keys, so a scan is the fastest look-up.
    pub(crate) fn key(&self, key_id: u16) -> Option<&RingKey> {
        self.keys().find(|key| key.id == key_id)
    }

    /// The key of blind indexes.
    pub(crate) const fn index_key(&self) -> &hmac::Key {
        &self.index
    }

    /// The key of command digests.
    pub(crate) const fn digest_key(&self) -> &hmac::Key {
        &self.digest
    }

    fn keys(&self) -> impl Iterator<Item = &RingKey> {
        std::iter::once(&self.sealing).chain(&self.older)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyRing").field("key_ids", &self.key_ids()).finish_non_exhaustive()
    }
}

impl RingKey {
    fn derive(id: u16, bytes: &KeyBytes) -> Result<Self, VaultError> {
        let master = extract(bytes);
        Ok(Self { id, fields: sealing_key(&master, FIELD_KEY)?, tokens: sealing_key(&master, TOKEN_KEY)? })
    }
}

fn sealing_key(master: &Prk, purpose: &[u8]) -> Result<LessSafeKey, VaultError> {
    let bytes = expand(master, purpose)?;
    let key = UnboundKey::new(&AES_256_GCM_SIV, bytes.as_slice()).map_err(|_| VaultError::Derivation)?;
    Ok(LessSafeKey::new(key))
}

fn extract(bytes: &KeyBytes) -> Prk {
    Salt::new(HKDF_SHA256, SALT).extract(bytes.as_slice())
}

fn expand(master: &Prk, purpose: &[u8]) -> Result<KeyBytes, VaultError> {
    let mut key = KeyBytes::default();
    // The output length of HKDF_SHA256 as a key type is 32 bytes, the length of every key here.
    master
        .expand(&[purpose], HKDF_SHA256)
        .and_then(|material| material.fill(key.as_mut_slice()))
        .map_err(|_| VaultError::Derivation)?;
    Ok(key)
}

fn parse_key(text: &str) -> Option<(u16, KeyBytes)> {
    let (id, material) = text.trim().split_once(':')?;
    // `u16::from_str` would also take "+1".
    let key_id = id.bytes().all(|byte| byte.is_ascii_digit()).then(|| id.parse::<u16>().ok()).flatten()?;
    (key_id != 0).then_some((key_id, decode(material)?))
}

fn decode(material: &str) -> Option<KeyBytes> {
    if material.len() != KEY_CHARACTERS {
        return None;
    }
    // The decoder wants room for the longest text of this length, one byte more than a key.
    let mut buffer = Zeroizing::new([0; KEY_BYTES + 1]);
    let length = STANDARD.decode_slice(material, buffer.as_mut_slice()).ok()?;
    let bytes: &[u8; KEY_BYTES] = buffer.get(..length)?.try_into().ok()?;
    Some(Zeroizing::new(*bytes))
}

fn encode(random: &dyn Fn(&mut [u8])) -> Zeroizing<String> {
    let mut bytes = KeyBytes::default();
    random(bytes.as_mut_slice());
    Zeroizing::new(STANDARD.encode(bytes.as_slice()))
}

fn is_weak(bytes: &KeyBytes) -> bool {
    bytes.windows(2).all(|pair| pair.first() == pair.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn material(seed: u8) -> String {
        let bytes: Vec<u8> = (0..32).map(|index: u8| index.wrapping_mul(7).wrapping_add(seed)).collect();
        STANDARD.encode(bytes)
    }

    fn parse(keys: &[String]) -> Result<KeyRing, VaultError> {
        KeyRing::parse(keys, &material(200))
    }

    #[test]
    fn a_ring_of_generated_keys_is_read() {
        let random = |bytes: &mut [u8]| assert!(aws_lc_rs::rand::fill(bytes).is_ok());
        let keys =
            [KeyRing::generate_key(7, &random), format!(" {}\n", KeyRing::generate_key(65535, &random))];
        let ring = KeyRing::parse(&keys, &KeyRing::generate_index_key(&random)).unwrap();
        assert_eq!(ring.key_ids(), [7, 65535]);
        assert_ne!(keys[0], KeyRing::generate_key(7, &random));
    }

    #[test]
    fn an_empty_list_is_refused() {
        assert_eq!(parse(&[]).unwrap_err(), VaultError::NoKeys);
    }

    #[test]
    fn malformed_keys_are_refused_by_position_without_showing_them() {
        let good = format!("1:{}", material(1));
        let short = STANDARD.encode([1, 2, 3]);
        let long = STANDARD.encode((0..33).collect::<Vec<u8>>());
        let malformed = [
            String::new(),
            material(3),
            format!("0:{}", material(3)),
            format!("+2:{}", material(3)),
            format!("65536:{}", material(3)),
            format!(":{}", material(3)),
            format!("2:{short}"),
            format!("2:{long}"),
            format!("2:{}", material(3).replace('=', "")),
            format!("2:{}", material(3).replace('A', "*").replacen(|c: char| c.is_ascii_digit(), "*", 1)),
        ];
        for text in malformed {
            let error = parse(&[good.clone(), text.clone()]).unwrap_err();
            assert_eq!(error, VaultError::KeyFormat { position: 2 }, "{text}");
            let shown = format!("{error} {error:?}");
            assert!(text.is_empty() || !shown.contains(&text));
            assert!(!shown.contains(&material(3)));
        }
    }

    #[test]
    fn weak_repeated_and_duplicate_keys_are_refused() {
        let weak = format!("4:{}", STANDARD.encode([9; 32]));
        assert_eq!(parse(&[weak]).unwrap_err(), VaultError::WeakKey { key_id: 4 });
        let twice = [format!("4:{}", material(1)), format!("4:{}", material(2))];
        assert_eq!(parse(&twice).unwrap_err(), VaultError::DuplicateKeyId { key_id: 4 });
        let repeated = [format!("4:{}", material(1)), format!("5:{}", material(1))];
        assert_eq!(parse(&repeated).unwrap_err(), VaultError::RepeatedKey { key_id: 5 });
    }

    #[test]
    fn a_missing_weak_or_shared_index_key_is_refused() {
        let keys = [format!("1:{}", material(1))];
        let refused = |index_key: &str| KeyRing::parse(&keys, index_key).unwrap_err();
        assert_eq!(refused(""), VaultError::IndexKeyFormat);
        assert_eq!(refused(&keys[0]), VaultError::IndexKeyFormat);
        assert_eq!(refused(&STANDARD.encode([0; 32])), VaultError::WeakIndexKey);
        assert_eq!(refused(&material(1)), VaultError::RepeatedIndexKey);
    }

    #[test]
    fn debug_of_a_ring_shows_only_key_ids() {
        let ring = parse(&[format!("3:{}", material(1)), format!("2:{}", material(2))]).unwrap();
        assert_eq!(format!("{ring:?}"), "KeyRing { key_ids: [3, 2], .. }");
    }
}
