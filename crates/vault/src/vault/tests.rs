use proptest::prelude::*;

use super::*;
use crate::SystemRandom;

const CENTRE: Uuid = Uuid::from_u128(0xC1);
const OTHER: Uuid = Uuid::from_u128(0xC2);
const PLACE: Place<'static> =
    Place { table: "contact", column: "narrative", row: Uuid::from_u128(0xA1), centre: CENTRE };
const MARKER: &[u8] = "MARKER نص 😀".as_bytes();

fn key(id: u16) -> String {
    KeyRing::generate_key(id, &|bytes: &mut [u8]| {
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(index).unwrap() ^ id.to_be_bytes()[1];
        }
    })
}

fn ring(ids: &[u16]) -> KeyRing {
    let index_key = key(250);
    let keys: Vec<String> = ids.iter().map(|id| key(*id)).collect();
    KeyRing::parse(&keys, index_key.strip_prefix("250:").unwrap()).unwrap()
}

fn vault(ids: &[u16]) -> Vault {
    Vault::new(ring(ids), Arc::new(SystemRandom))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn a_sealed_value_opens_where_it_was_sealed() {
    let vault = vault(&[1]);
    for plaintext in [MARKER, b"", &[0; 10_000]] {
        let sealed = vault.seal(PLACE, plaintext);
        assert_eq!(sealed.as_bytes().len(), plaintext.len() + 31);
        assert_eq!(sealed.as_bytes()[..3], [1, 0, 1]);
        assert_eq!(vault.open(PLACE, sealed.as_ref()).unwrap(), plaintext);
    }
    assert!(!contains(vault.seal(PLACE, MARKER).as_bytes(), b"MARKER"));
}

#[test]
fn sealing_the_same_value_twice_gives_different_bytes() {
    let vault = vault(&[1]);
    assert_ne!(vault.seal(PLACE, MARKER).into_bytes(), vault.seal(PLACE, MARKER).into_bytes());
}

#[test]
fn a_value_moved_to_another_table_column_row_or_centre_is_refused() {
    let vault = vault(&[1]);
    let sealed = vault.seal(PLACE, MARKER);
    for place in [
        Place { table: "message", ..PLACE },
        Place { column: "name", ..PLACE },
        Place { row: OTHER, ..PLACE },
        Place { centre: OTHER, ..PLACE },
        Place { row: PLACE.centre, centre: PLACE.row, ..PLACE },
        Place { table: "contactn", column: "arrative", ..PLACE },
    ] {
        assert_eq!(vault.open(place, sealed.as_bytes()), Err(VaultError::Refused), "{place:?}");
    }
}

#[test]
fn after_rotation_the_new_key_seals_and_the_old_one_still_opens() {
    let before = vault(&[1]);
    let rotated = vault(&[2, 1]);
    let finished = vault(&[2]);
    let old = before.seal(PLACE, MARKER);
    let new = rotated.seal(PLACE, MARKER);
    assert_eq!(new.as_bytes()[1..3], [0, 2]);
    assert_eq!(rotated.open(PLACE, old.as_bytes()).unwrap(), MARKER);
    assert_eq!(finished.open(PLACE, new.as_bytes()).unwrap(), MARKER);
    assert_eq!(finished.open(PLACE, old.as_bytes()), Err(VaultError::UnknownKey { key_id: 1 }));
    assert_eq!(before.open(PLACE, new.as_bytes()), Err(VaultError::UnknownKey { key_id: 2 }));
}

#[test]
fn a_value_claiming_another_key_of_the_ring_is_refused() {
    let vault = vault(&[2, 1]);
    let mut sealed = vault.seal(PLACE, MARKER).into_bytes();
    sealed[2] = 1;
    assert_eq!(vault.open(PLACE, &sealed), Err(VaultError::Refused));
}

#[test]
fn a_blind_index_survives_rotation() {
    let index = |ids: &[u16]| vault(ids).blind_index(CENTRE, "contact.identifier", "+12025550100");
    assert_eq!(index(&[1]), index(&[2, 1]));
    assert_eq!(index(&[1]), index(&[9]));
}

#[test]
fn a_blind_index_differs_per_centre_domain_value_and_index_key() {
    let vault = vault(&[1]);
    let other_key = Vault::new(
        KeyRing::parse(&[key(1)], key(251).strip_prefix("251:").unwrap()).unwrap(),
        Arc::new(SystemRandom),
    );
    let index = vault.blind_index(CENTRE, "contact.identifier", "1");
    for other in [
        vault.blind_index(OTHER, "contact.identifier", "1"),
        vault.blind_index(CENTRE, "contact.name", "1"),
        vault.blind_index(CENTRE, "contact.identifier", "2"),
        vault.blind_index(CENTRE, "contact.identifier", ""),
        other_key.blind_index(CENTRE, "contact.identifier", "1"),
        vault.command_digest(&[b"contact.identifier", CENTRE.as_bytes(), b"1"]),
    ] {
        assert_ne!(index, other);
    }
}

#[test]
fn a_command_digest_depends_on_every_part_and_on_the_split() {
    let vault = vault(&[1]);
    let digest = vault.command_digest(&[b"Accept", b"ab", b"c"]);
    assert_eq!(digest, self::vault(&[2, 1]).command_digest(&[b"Accept", b"ab", b"c"]));
    for other in
        [&[b"Accept" as &[u8], b"a", b"bc"][..], &[b"Accept", b"abc"], &[b"Accept", b"ab", b"c", b""], &[]]
    {
        assert_ne!(digest, vault.command_digest(other));
    }
}

#[test]
fn a_token_opens_only_for_its_purpose_and_caller() {
    let vault = vault(&[1]);
    let token = vault.seal_token("ListContacts/1", b"caller", MARKER);
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    assert_eq!(vault.open_token("ListContacts/1", b"caller", &token).unwrap(), MARKER);
    assert_eq!(self::vault(&[2, 1]).open_token("ListContacts/1", b"caller", &token).unwrap(), MARKER);
    let refused = Err(VaultError::TokenRefused);
    assert_eq!(vault.open_token("WatchContacts/1", b"caller", &token), refused);
    assert_eq!(vault.open_token("ListContacts/1", b"other", &token), refused);
    assert_eq!(vault.open_token("ListContacts/1c", b"aller", &token), refused);
    assert_eq!(self::vault(&[2]).open_token("ListContacts/1", b"caller", &token), refused);
    for wrong in
        ["", "AQAB", "not base64!", "😀", &token[1..], &token[..token.len() - 2], &format!("{token}=")]
    {
        assert_eq!(vault.open_token("ListContacts/1", b"caller", wrong), refused);
    }
}

#[test]
fn a_sealed_field_is_no_token_and_a_token_is_no_sealed_field() {
    let vault = vault(&[1]);
    let token = vault.seal_token("purpose", b"caller", MARKER);
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    assert_eq!(vault.open(PLACE, &bytes), Err(VaultError::Refused));
    let sealed = URL_SAFE_NO_PAD.encode(vault.seal(PLACE, MARKER));
    assert_eq!(vault.open_token("purpose", b"caller", &sealed), Err(VaultError::TokenRefused));
}

#[test]
fn fields_and_tokens_are_sealed_with_different_keys() {
    let ring = ring(&[1]);
    let key = ring.sealing_key();
    let sealed = envelope::seal(1, &key.fields, &SystemRandom, &[], MARKER);
    let envelope = envelope::read(&sealed).unwrap();
    assert_eq!(envelope::open(&envelope, &key.fields, &[]).unwrap(), MARKER);
    assert_eq!(envelope::open(&envelope, &key.tokens, &[]), Err(VaultError::Refused));
}

/// If this fails, deployed data has become unreadable: give the new format a new version instead.
#[test]
fn what_earlier_builds_sealed_and_indexed_is_still_understood() {
    let vault = vault(&[1]);
    let sealed = URL_SAFE_NO_PAD.decode("AQABiqTR2KsW6qKDZpQ42qzHsoEIwGhVcAUk0aRVIERHAOX8xLgHnI3kj4fLiJc");
    assert_eq!(vault.open(PLACE, &sealed.unwrap()).unwrap(), MARKER);
    assert_eq!(
        vault
            .open_token(
                "purpose",
                b"caller",
                "AQABdPUiXm2D59IzncYkGvYAE1wI-dW87Mq51RJFzlMXdeQcoqkmmZkeWk-CVXU"
            )
            .unwrap(),
        MARKER
    );
    let index = vault.blind_index(CENTRE, "contact.identifier", "+12025550100");
    assert_eq!(URL_SAFE_NO_PAD.encode(index), "VtkmJi8Qp5sdnwtsqkir2Qa9UZJq8Z5I5wVRvpI1IR0");
    let digest = vault.command_digest(&[b"Accept", b"ab"]);
    assert_eq!(URL_SAFE_NO_PAD.encode(digest), "Pr72DCNVU3fC952kbn5gY2jVbWpEujHMV75xitQW1lE");
}

#[test]
fn a_plain_vault_stores_readably_and_only_it_opens_that() {
    let plain = Vault::plain_for_tests(ring(&[1]));
    let sealing = vault(&[1]);
    let clear = plain.seal(PLACE, MARKER).into_bytes();
    assert!(contains(&clear, MARKER));
    assert_eq!(clear.len(), sealing.seal(PLACE, MARKER).as_bytes().len());
    assert_eq!(clear[0], 0);
    assert_eq!(plain.open(PLACE, &clear).unwrap(), MARKER);
    assert_eq!(sealing.open(PLACE, &clear), Err(VaultError::NotSealed));
    let sealed = sealing.seal(PLACE, MARKER);
    assert_eq!(plain.open(PLACE, sealed.as_bytes()).unwrap(), MARKER);
}

#[test]
fn debug_shows_neither_plaintext_nor_keys() {
    let vault = vault(&[3, 1]);
    assert_eq!(format!("{vault:?}"), "Vault { key_ids: [3, 1], .. }");
    assert_eq!(format!("{:?}", vault.seal(PLACE, b"12345")), "Sealed(36 bytes)");
}

#[test]
fn a_vault_can_be_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<Vault>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_sealed_opens(plaintext in any::<Vec<u8>>()) {
        let vault = vault(&[1]);
        prop_assert_eq!(vault.open(PLACE, vault.seal(PLACE, &plaintext).as_bytes()), Ok(plaintext));
    }

    #[test]
    fn every_flipped_bit_is_refused(plaintext in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let vault = vault(&[1]);
        let mut sealed = vault.seal(PLACE, &plaintext).into_bytes();
        let position = at.index(sealed.len());
        sealed[position] ^= 1_u8 << bit;
        prop_assert!(vault.open(PLACE, &sealed).is_err());
    }

    #[test]
    fn every_truncation_and_extension_is_refused(plaintext in any::<Vec<u8>>(), at in any::<prop::sample::Index>()) {
        let vault = vault(&[1]);
        let mut sealed = vault.seal(PLACE, &plaintext).into_bytes();
        prop_assert!(vault.open(PLACE, &sealed[..at.index(sealed.len())]).is_err());
        sealed.push(0);
        prop_assert!(vault.open(PLACE, &sealed).is_err());
    }

    #[test]
    fn arbitrary_bytes_and_texts_are_refused(bytes in any::<Vec<u8>>(), text in any::<String>()) {
        let vault = vault(&[1]);
        prop_assert!(vault.open(PLACE, &bytes).is_err());
        prop_assert_eq!(vault.open_token("purpose", b"caller", &text), Err(VaultError::TokenRefused));
        prop_assert!(crate::BearerToken::parse(&text).is_err());
    }
}
