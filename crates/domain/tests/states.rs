//! The state tables as a whole, and the keys under which everything is stored.

use std::collections::BTreeSet;

use helpline_domain::caller::Role;
use helpline_domain::channel::{Channel, Medium};
use helpline_domain::contact::ContactState;
use helpline_domain::offer::OfferState;
use helpline_domain::presence::{ForceReason, NotReadyReason, PresenceState};
use helpline_domain::risk::{Class, Risk};
use helpline_domain::settings::{Settings, TargetWait};

#[test]
fn there_is_no_way_out_of_a_final_state_and_always_one_out_of_the_others() {
    for state in ContactState::ALL {
        let ways_out = ContactState::ALL.into_iter().filter(|next| state.may_become(*next)).count();
        assert_eq!(ways_out == 0, state.is_final(), "{}", state.key());
    }
}

#[test]
fn no_contact_becomes_what_it_is() {
    assert!(ContactState::ALL.into_iter().all(|state| !state.may_become(state)));
}

#[test]
fn every_contact_can_come_to_an_end() {
    for start in ContactState::ALL {
        let mut reached = vec![start];
        let mut looked_at = 0;
        while let Some(&state) = reached.get(looked_at) {
            looked_at += 1;
            let next = ContactState::ALL.into_iter().filter(|next| state.may_become(*next));
            let new: Vec<ContactState> = next.filter(|next| !reached.contains(next)).collect();
            reached.extend(new);
        }
        assert!(reached.iter().any(|state| state.is_final()), "{}", start.key());
    }
}

#[test]
fn nobody_gets_a_contact_but_through_an_offer() {
    let ways_in: Vec<ContactState> =
        ContactState::ALL.into_iter().filter(|state| state.may_become(ContactState::InProgress)).collect();
    assert_eq!(ways_in, [ContactState::Offered]);
}

#[test]
fn who_was_answered_cannot_be_counted_as_abandoned() {
    for state in [ContactState::InProgress, ContactState::WrapUp, ContactState::WaitingOffline] {
        assert!(!state.may_become(ContactState::Abandoned));
        assert!(!state.may_become(ContactState::ShortAbandoned));
    }
}

#[test]
fn an_offer_ends_once() {
    for state in OfferState::ALL {
        let ways_out = OfferState::ALL.into_iter().filter(|next| state.may_become(*next)).count();
        assert_eq!(ways_out, if state == OfferState::Open { 4 } else { 0 }, "{}", state.key());
    }
}

#[test]
fn every_stored_key_or_number_leads_back_to_its_value_alone() {
    fn all_differ<const N: usize>(keys: [&str; N]) {
        assert_eq!(keys.into_iter().collect::<BTreeSet<_>>().len(), N);
    }
    all_differ(ContactState::ALL.map(ContactState::key));
    all_differ(OfferState::ALL.map(OfferState::key));
    all_differ(PresenceState::ALL.map(PresenceState::key));
    all_differ(NotReadyReason::ALL.map(NotReadyReason::key));
    all_differ(ForceReason::ALL.map(ForceReason::key));
    all_differ(Channel::ALL.map(Channel::key));
    all_differ(Medium::ALL.map(Medium::key));
    all_differ(Role::ALL.map(Role::key));
    all_differ(Class::ALL.map(Class::key));
    assert!(ContactState::ALL.into_iter().all(|state| ContactState::from_key(state.key()) == Some(state)));
    assert!(OfferState::ALL.into_iter().all(|state| OfferState::from_key(state.key()) == Some(state)));
    assert!(Channel::ALL.into_iter().all(|channel| Channel::from_key(channel.key()) == Some(channel)));
    assert!(Class::ALL.into_iter().all(|class| Class::from_number(class.number()) == Some(class)));
    assert!(Risk::ALL.into_iter().all(|risk| Risk::from_number(risk.number()) == Some(risk)));
}

#[test]
fn more_risk_never_means_a_later_place_in_line() {
    for channel in Channel::ALL {
        for pair in Risk::ALL[1..].windows(2) {
            assert!(pair[1].class(channel) <= pair[0].class(channel));
        }
        // Who has not been asked yet is not at low risk.
        assert!(Risk::Unassessed.class(channel) < Risk::None.class(channel));
    }
}

#[test]
fn a_more_urgent_class_is_meant_to_wait_less() {
    let settings = Settings::default();
    let queue = settings.queue("").expect("the default queue");
    let waits = |channel| Class::ALL.map(|class| settings.target_wait_s(queue, channel, class));
    for channel in [Channel::Voice, Channel::WebChat, Channel::Whatsapp, Channel::Telegram, Channel::WalkIn] {
        assert_eq!(waits(channel), [15, 60, 180, 300]);
    }
    assert_eq!(waits(Channel::Sms), [15, 60, 300, 900]);
    assert_eq!(waits(Channel::Email), [15, 60, 14_400, 86_400]);
    assert_eq!(waits(Channel::Letter), [15, 60, 14_400, 86_400]);
}

#[test]
fn a_wait_that_a_centre_sets_for_every_channel_is_meant_for_every_channel() {
    let every = TargetWait { channel: None, class: Class::Medium, wait_s: 100 };
    let mail = TargetWait { channel: Some(Channel::Email), class: Class::Medium, wait_s: 9000 };
    let settings = Settings { target_waits: vec![every, mail], ..Settings::default() };
    let queue = settings.queue("").expect("the default queue");
    let waits = [Channel::Voice, Channel::Sms, Channel::Email]
        .map(|channel| settings.target_wait_s(queue, channel, Class::Medium));
    assert_eq!(waits, [100, 100, 9000]);
}
