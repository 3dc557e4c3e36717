//! The byte format of sealed values and tokens.
//!
//! | Offset | Bytes | Content |
//! |---|---|---|
//! | 0 | 1 | version: 1 = AES-256-GCM-SIV |
//! | 1 | 2 | id of the master key, big endian |
//! | 3 | 12 | random nonce |
//! | 15 | n | ciphertext, as long as the plaintext |
//! | 15 + n | 16 | authentication tag |
//!
//! The associated data is the version byte followed by each bound part with its length (8 bytes, big endian)
//! before it, so that no two lists of parts give the same bytes.
//!
//! Version 0 is the same layout with the plaintext in the place of the ciphertext. Only a vault built to prove
//! that a leak scan can fail writes or reads it.

use aws_lc_rs::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};

use crate::{Random, VaultError};

const SEALED: u8 = 1;
const HEADER: usize = 3;
const BODY: usize = HEADER + NONCE_LEN;
const TAG: usize = 16;

/// A sealed value taken apart, not yet opened.
pub(crate) struct Envelope<'a> {
    pub(crate) key_id: u16,
    nonce: [u8; NONCE_LEN],
    body: &'a [u8],
}

/// Seals `plaintext` so that it opens only with the same `parts`.
pub(crate) fn seal(
    key_id: u16,
    key: &LessSafeKey,
    random: &dyn Random,
    parts: &[&[u8]],
    plaintext: &[u8],
) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce);
    let mut bytes = Vec::with_capacity(BODY + plaintext.len() + TAG);
    bytes.push(SEALED);
    bytes.extend_from_slice(&key_id.to_be_bytes());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(plaintext);
    let sealed = key.seal_in_place_separate_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(associated_data(parts)),
        bytes.get_mut(BODY..).unwrap_or_default(),
    );
    // The library refuses only values over 64 GiB, far above any limit of ours. Were it ever to refuse, going on
    // would store plaintext.
    let Ok(tag) = sealed else { std::process::abort() };
    bytes.extend_from_slice(tag.as_ref());
    bytes
}

/// Takes a sealed value apart.
pub(crate) fn read(sealed: &[u8]) -> Result<Envelope<'_>, VaultError> {
    match split(sealed) {
        Some((SEALED, envelope)) => Ok(envelope),
        _ => Err(VaultError::NotSealed),
    }
}

/// Opens what [`seal`] made with the same key and `parts`.
pub(crate) fn open(
    envelope: &Envelope<'_>,
    key: &LessSafeKey,
    parts: &[&[u8]],
) -> Result<Vec<u8>, VaultError> {
    let mut bytes = envelope.body.to_vec();
    let length = key
        .open_in_place(
            Nonce::assume_unique_for_key(envelope.nonce),
            Aad::from(associated_data(parts)),
            &mut bytes,
        )
        .map_err(|_| VaultError::Refused)?
        .len();
    bytes.truncate(length);
    Ok(bytes)
}

fn split(sealed: &[u8]) -> Option<(u8, Envelope<'_>)> {
    let (&[version, high, low], rest) = sealed.split_first_chunk::<HEADER>()?;
    let (&nonce, body) = rest.split_first_chunk::<NONCE_LEN>()?;
    let envelope = Envelope { key_id: u16::from_be_bytes([high, low]), nonce, body };
    (body.len() >= TAG).then_some((version, envelope))
}

fn associated_data(parts: &[&[u8]]) -> Vec<u8> {
    let mut data = Vec::with_capacity(1 + parts.iter().map(|part| 8 + part.len()).sum::<usize>());
    data.push(SEALED);
    for part in parts {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}

/// The envelope that does not seal. It keeps the length and layout of a sealed value, so that nothing else in
/// the system behaves differently while the leak scan is tested.
#[cfg(any(test, feature = "testing"))]
pub(crate) mod clear {
    use super::{Envelope, TAG, split};

    const CLEAR: u8 = 0;
    const MARK: &[u8; 12] = b"NOT SEALED!!";

    /// Wraps `plaintext` readably.
    pub(crate) fn wrap(key_id: u16, plaintext: &[u8]) -> Vec<u8> {
        [&[CLEAR], &key_id.to_be_bytes()[..], MARK, plaintext, &[0; TAG]].concat()
    }

    /// The plaintext, if `bytes` came from [`wrap`].
    pub(crate) fn unwrap(bytes: &[u8]) -> Option<Vec<u8>> {
        let (CLEAR, Envelope { nonce, body, .. }) = split(bytes)? else { return None };
        let (plaintext, tag) = body.split_at_checked(body.len() - TAG)?;
        (&nonce == MARK && tag == [0; TAG]).then(|| plaintext.to_vec())
    }
}
