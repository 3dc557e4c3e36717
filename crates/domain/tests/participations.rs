//! The table of participations as a whole.

use std::collections::BTreeSet;

use helpline_domain::participation::{OutsideRole, ParticipationKind, ParticipationState};

/// Where a participation of a kind can go from a state.
fn ways(state: ParticipationState, kind: ParticipationKind) -> Vec<ParticipationState> {
    ParticipationState::ALL.into_iter().filter(|next| state.may_become(*next, kind)).collect()
}

#[test]
fn a_participation_ends_once_and_every_live_one_can_end() {
    for kind in ParticipationKind::ALL {
        for state in ParticipationState::ALL {
            assert_eq!(ways(state, kind).is_empty(), !state.is_live(), "{} {}", kind.key(), state.key());
        }
    }
}

#[test]
fn a_contact_is_taken_over_by_who_is_there_and_not_to_advise_alone() {
    for kind in ParticipationKind::ALL {
        let from: Vec<_> = ParticipationState::ALL
            .into_iter()
            .filter(|state| state.may_become(ParticipationState::TookOver, kind))
            .collect();
        let speaks = kind != ParticipationKind::Consult;
        assert_eq!(from, if speaks { vec![ParticipationState::Joined] } else { vec![] }, "{}", kind.key());
    }
}

#[test]
fn who_has_joined_no_longer_declines_and_who_has_not_cannot_leave() {
    for kind in ParticipationKind::ALL {
        assert!(!ParticipationState::Joined.may_become(ParticipationState::Declined, kind));
        assert!(!ParticipationState::Joined.may_become(ParticipationState::Expired, kind));
        assert!(!ParticipationState::Invited.may_become(ParticipationState::Left, kind));
    }
}

#[test]
fn what_is_cut_short_goes_a_way_that_is_allowed() {
    for kind in ParticipationKind::ALL {
        for state in ParticipationState::ALL {
            match state.cut_short() {
                Some(end) => assert!(state.may_become(end, kind) && !end.is_live(), "{}", state.key()),
                None => assert!(!state.is_live(), "{}", state.key()),
            }
        }
    }
}

#[test]
fn every_stored_key_leads_back_to_its_value_alone() {
    fn all_differ<const N: usize>(keys: [&str; N]) {
        assert_eq!(keys.into_iter().collect::<BTreeSet<_>>().len(), N);
    }
    all_differ(ParticipationState::ALL.map(ParticipationState::key));
    all_differ(ParticipationKind::ALL.map(ParticipationKind::key));
    all_differ(OutsideRole::ALL.map(OutsideRole::key));
    let states = ParticipationState::ALL;
    assert!(states.into_iter().all(|state| ParticipationState::from_key(state.key()) == Some(state)));
    let kinds = ParticipationKind::ALL;
    assert!(kinds.into_iter().all(|kind| ParticipationKind::from_key(kind.key()) == Some(kind)));
    assert!(OutsideRole::ALL.into_iter().all(|role| OutsideRole::from_key(role.key()) == Some(role)));
}
