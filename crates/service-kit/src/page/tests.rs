use std::sync::Arc;

use helpline_domain::caller::Role;
use helpline_domain::id::{CentreId, TokenId};
use helpline_proto::intake::v1::ContactFilter;
use helpline_vault::{KeyRing, SystemRandom};
use tonic::Code;
use uuid::Uuid;

use super::*;

fn vault() -> Vault {
    let keys = ["1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned()];
    let ring = KeyRing::parse(&keys, "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=").unwrap();
    Vault::new(ring, Arc::new(SystemRandom))
}

fn caller(token: u128, centre: u128) -> Caller {
    Caller {
        token_id: TokenId::from(Uuid::from_u128(token)),
        centre_id: CentreId::from(Uuid::from_u128(centre)),
        role: Role::Supervisor,
        counsellor_id: None,
        agency_id: None,
        only: None,
    }
}

#[test]
fn a_token_opens_only_for_the_question_it_answers() {
    let vault = vault();
    let filter = ContactFilter { queue: "night".to_owned(), ..ContactFilter::default() };
    let tokens = PageTokens::new(&vault, "ListContacts", &caller(1, 1), &filter);
    let token = tokens.seal(Some(&(17_u64, "here"))).unwrap();
    assert_eq!(tokens.open::<(u64, String)>(&token).unwrap(), Some((17, "here".to_owned())));

    let other_filter = ContactFilter { queue: "day".to_owned(), ..ContactFilter::default() };
    let others = [
        PageTokens::new(&vault, "ListTokens", &caller(1, 1), &filter),
        PageTokens::new(&vault, "ListContacts", &caller(2, 1), &filter),
        PageTokens::new(&vault, "ListContacts", &caller(1, 2), &filter),
        PageTokens::new(&vault, "ListContacts", &caller(1, 1), &other_filter),
    ];
    for other in others {
        let refusal = other.open::<(u64, String)>(&token).unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidArgument);
        assert_eq!(refusal.reason_name(), "INVALID_PAGE_TOKEN");
    }
    assert!(tokens.open::<(u64, String)>("rubbish").is_err());
    assert!(tokens.open::<Vec<bool>>(&token).is_err(), "another version's position is refused, not misread");
}

#[test]
fn the_first_page_has_no_token_and_the_last_gives_none() {
    let vault = vault();
    let tokens = PageTokens::new(&vault, "ListContacts", &caller(1, 1), &ContactFilter::default());
    assert_eq!(tokens.open::<u64>("").unwrap(), None);
    assert_eq!(tokens.seal::<u64>(None).unwrap(), "");
    assert_eq!(cut(vec![1, 2, 3], 2, |last| *last), (vec![1, 2], Some(2)));
    assert_eq!(cut(vec![1, 2], 2, |last| *last), (vec![1, 2], None));
}

#[test]
fn page_sizes_are_clamped() {
    assert_eq!([clamp(0), clamp(1), clamp(500), clamp(501)], [50, 1, 500, 500]);
}
