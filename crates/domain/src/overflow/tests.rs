use super::*;

const ORIGIN: Origin =
    Origin { state: OverflowState::Requested, contact: ContactState::Waiting, overdue: false, left: false };

#[expect(clippy::unnecessary_wraps, reason = "a centre that was not told yet has no row")]
fn receiver(state: OverflowState, contact: Option<ContactState>) -> Option<Receiver> {
    Some(Receiver { state, contact })
}

/// What a step makes of both sides, as its statement would.
fn apply(step: Move, origin: &mut Origin, receiver: &mut Option<Receiver>) {
    use ContactState::{Abandoned, Overflowed, PassedOn, Waiting, WrapUp};
    let there = receiver.get_or_insert(Receiver { state: OverflowState::Requested, contact: None });
    match step {
        Move::Ask => {}
        Move::Release => {
            assert!(there.contact.is_none());
            (origin.state, origin.contact) = (OverflowState::Accepted, Overflowed);
        }
        Move::Place => there.contact = Some(Waiting),
        Move::Answer => there.state = OverflowState::Serving,
        Move::NoteAnswer => origin.state = OverflowState::Serving,
        Move::Leave => {
            let answered = there.contact == Some(ContactState::InProgress);
            there.contact = Some(if answered { WrapUp } else { Abandoned });
        }
        Move::GiveBack => (there.state, there.contact) = (OverflowState::Returned, Some(PassedOn)),
        Move::EndReceiver(state) => there.state = state,
        Move::LeaveOrigin => origin.contact = Abandoned,
        Move::EndOrigin(state) => {
            origin.state = state;
            if origin.contact == Overflowed {
                origin.contact = if state == OverflowState::Served { PassedOn } else { Waiting };
            }
        }
    }
}

/// Whether a centre may offer the child, or a counsellor of it has them.
fn has(contact: ContactState) -> bool {
    use ContactState::{InProgress, Offered, Waiting};
    matches!(contact, Waiting | Offered | InProgress)
}

#[test]
fn from_wherever_both_sides_stand_the_steps_end_and_two_centres_never_have_the_child() {
    use ContactState::{Abandoned, InProgress, Offered, Overflowed, Waiting, WrapUp};
    let open = [OverflowState::Requested, OverflowState::Accepted, OverflowState::Serving];
    let mut seen = 0;
    for state in open {
        let contacts: &[ContactState] = if state == OverflowState::Requested {
            &[Waiting, Offered, InProgress, Abandoned]
        } else {
            &[Overflowed]
        };
        for contact in contacts {
            for (overdue, left) in [(false, false), (false, true), (true, false), (true, true)] {
                let mut receivers = vec![None];
                for there in OverflowState::ALL {
                    receivers.push(receiver(there, None));
                    if state != OverflowState::Requested {
                        receivers.extend(
                            [Waiting, Offered, InProgress, WrapUp, Abandoned]
                                .map(|contact| receiver(there, Some(contact))),
                        );
                    }
                }
                for there in receivers {
                    // A centre that has ended its part has no child.
                    if there.is_some_and(|there| there.state.is_final() && there.contact.is_some_and(has)) {
                        continue;
                    }
                    let (mut origin, mut there) = (Origin { state, contact: *contact, overdue, left }, there);
                    let begun = (origin, there);
                    let mut steps = 0;
                    while let Some(step) = next(origin, there) {
                        apply(step, &mut origin, &mut there);
                        let both =
                            has(origin.contact) && there.and_then(|there| there.contact).is_some_and(has);
                        assert!(!both, "{begun:?} after {step:?}");
                        steps += 1;
                        assert!(steps < 10, "{begun:?} goes on for ever");
                    }
                    // Nobody is left between two centres.
                    let theirs = there.and_then(|there| there.contact).is_some_and(has);
                    assert!(origin.contact != Overflowed || theirs, "{begun:?} ends at {origin:?} {there:?}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn who_said_yes_in_time_is_taken_at_their_word_and_who_said_nothing_is_not_waited_for() {
    let late = Origin { overdue: true, ..ORIGIN };
    assert_eq!(next(late, receiver(OverflowState::Accepted, None)), Some(Move::Release));
    assert_eq!(
        next(late, receiver(OverflowState::Requested, None)),
        Some(Move::EndOrigin(OverflowState::Expired))
    );
    assert_eq!(next(late, None), Some(Move::EndOrigin(OverflowState::Expired)));
}

#[test]
fn who_is_answered_at_home_is_not_given_away() {
    let answered = Origin { contact: ContactState::InProgress, ..ORIGIN };
    assert_eq!(
        next(answered, receiver(OverflowState::Accepted, None)),
        Some(Move::EndOrigin(OverflowState::Withdrawn))
    );
    let withdrawn = Origin { state: OverflowState::Withdrawn, ..answered };
    assert_eq!(
        next(withdrawn, receiver(OverflowState::Accepted, None)),
        Some(Move::EndReceiver(OverflowState::Withdrawn))
    );
}

#[test]
fn every_key_leads_back_to_its_value() {
    assert!(OverflowState::ALL.into_iter().all(|state| OverflowState::from_key(state.key()) == Some(state)));
    assert!(OverflowReason::ALL.into_iter().all(|why| OverflowReason::from_key(why.key()) == Some(why)));
}
