//! Referrals, places and stays: every table as a whole, and what holds after any steps.

use helpline_domain::admission::AdmissionState;
use helpline_domain::capacity::{Capacity, HoldState};
use helpline_domain::referral::choices::{self, Choice, ChoiceState};
use helpline_domain::referral::{AppointmentState, ReferralState, Side, Urgency, after_cancel};
use proptest::prelude::*;

/// Where a referral can go from a state by a step of this side.
fn ways(state: ReferralState, side: Side) -> Vec<ReferralState> {
    ReferralState::ALL.iter().copied().filter(|next| state.may_become(*next, side)).collect()
}

#[test]
fn an_ended_referral_goes_nowhere_but_into_error_and_every_live_one_can_end() {
    for &state in ReferralState::ALL {
        let by_centre = ways(state, Side::Centre);
        if state.is_over() {
            let error = (state != ReferralState::EnteredInError).then_some(ReferralState::EnteredInError);
            assert_eq!(by_centre, Vec::from_iter(error), "{}", state.key());
            assert!(ways(state, Side::Agency).is_empty() && ways(state, Side::Clock).is_empty());
        }
        assert_eq!(by_centre.contains(&ReferralState::Revoked), state.is_live(), "{}", state.key());
    }
}

#[test]
fn nobody_but_the_addressee_answers_serves_or_says_what_came_of_it() {
    use ReferralState::{Accepted, Completed, Failed, InProgress, OnHold, Rejected, Requested};
    for &state in ReferralState::ALL {
        for next in [Accepted, Rejected, InProgress, OnHold, Completed, Failed] {
            assert!(!state.may_become(next, Side::Centre), "{} {}", state.key(), next.key());
            assert!(!state.may_become(next, Side::Clock));
        }
    }
    assert_eq!(ways(Requested, Side::Agency), [Accepted, Rejected]);
    assert!(!Accepted.may_become(Completed, Side::Agency), "what never began is not completed");
}

#[test]
fn time_alone_ends_what_nobody_has_taken_on_and_nothing_else() {
    for &state in ReferralState::ALL {
        let expected: &[_] = if state == ReferralState::Requested { &[ReferralState::Expired] } else { &[] };
        assert_eq!(ways(state, Side::Clock), expected, "{}", state.key());
    }
}

#[test]
fn a_wish_to_cancel_is_answered_by_the_other_side() {
    use ReferralState::{Cancelled, InProgress};
    for (asked, other) in [(Side::Centre, Side::Agency), (Side::Agency, Side::Centre)] {
        assert_eq!(after_cancel(InProgress, asked, other, true), Some(Cancelled));
        assert_eq!(after_cancel(InProgress, asked, other, false), Some(InProgress));
        for agree in [true, false] {
            assert_eq!(after_cancel(InProgress, asked, asked, agree), None);
            assert_eq!(after_cancel(InProgress, asked, Side::Clock, agree), None);
        }
    }
    assert!(
        ways(ReferralState::CancelRequested, Side::Agency).is_empty(),
        "nobody goes on as if nobody had asked"
    );
}

#[test]
fn every_live_state_and_a_draft_has_a_deadline_and_no_other() {
    for &state in ReferralState::ALL {
        for &urgency in Urgency::ALL {
            let waits = state.is_live() || state == ReferralState::Draft;
            assert_eq!(state.due_s(urgency).is_some(), waits, "{}", state.key());
        }
        assert!(
            state.due_s(Urgency::Urgent) <= state.due_s(Urgency::Routine),
            "what hurries is due no later"
        );
    }
}

#[test]
fn an_appointment_ends_once() {
    for &state in AppointmentState::ALL {
        let ways = AppointmentState::ALL.iter().filter(|next| state.may_become(**next)).count();
        assert_eq!(ways, if state == AppointmentState::Scheduled { 4 } else { 0 });
    }
}

#[test]
fn whoever_stays_in_a_shelter_may_leave_at_every_step() {
    for &state in AdmissionState::ALL {
        assert_eq!(state.may_become(AdmissionState::Exited), state != AdmissionState::Exited);
        for &next in AdmissionState::ALL {
            if state.may_become(next) && next.has_place() {
                assert!(state.has_place() || state == AdmissionState::Screened, "no place without a hold");
            }
        }
    }
}

#[test]
fn a_hold_ends_once_and_what_is_in_use_is_vacated() {
    for &state in HoldState::ALL {
        let ways = HoldState::ALL.iter().filter(|next| state.may_become(**next)).count();
        assert_eq!(ways > 0, state.takes_room(), "{}", state.key());
        assert!(!state.may_become(HoldState::Held));
    }
}

fn a_choice_state() -> impl Strategy<Value = ChoiceState> {
    prop::sample::select(ChoiceState::ALL)
}

fn some_choices() -> impl Strategy<Value = Vec<Choice>> {
    prop::collection::vec((a_choice_state(), any::<bool>()), 0..8).prop_map(|read| {
        let numbered = (1..).zip(read);
        numbered.map(|(position, (state, fits))| Choice { position, state, fits }).collect()
    })
}

#[expect(clippy::expect_used, reason = "a helper of tests: this is how it fails")]
fn applied(choices: &[Choice], moves: &[(i32, ChoiceState)]) -> Vec<Choice> {
    let mut now = choices.to_vec();
    for (position, next) in moves {
        let one = now.iter_mut().find(|one| one.position == *position).expect("a choice that is there");
        assert!(one.state.may_become(*next), "{:?} to {next:?}", one.state);
        one.state = *next;
    }
    now
}

proptest! {
    #[test]
    fn who_is_asked_fits_and_nobody_before_them_who_fits_was_passed_over(
        choices in some_choices(), all in any::<bool>(),
    ) {
        let moves = choices::ask(&choices, all);
        let now = applied(&choices, &moves);
        for (before, after) in choices.iter().zip(&now) {
            let asked = before.state != ChoiceState::Offered && after.state == ChoiceState::Offered;
            let passed = before.state != ChoiceState::Skipped && after.state == ChoiceState::Skipped;
            prop_assert!(!asked || before.fits);
            prop_assert!(!passed || !before.fits);
        }
        let fitting = choices.iter().filter(|one| one.fits && one.state == ChoiceState::Waiting).count();
        let asked = moves.iter().filter(|(_, next)| *next == ChoiceState::Offered).count();
        prop_assert_eq!(asked, if all { fitting } else { fitting.min(1) });
    }

    #[test]
    fn a_referral_with_somebody_left_to_ask_never_rests(choices in some_choices()) {
        let asked: Vec<i32> = choices.iter().filter(|one| one.state == ChoiceState::Offered).map(|one| one.position).collect();
        prop_assume!(!asked.is_empty());
        for end in [ChoiceState::Rejected, ChoiceState::Expired] {
            let ended = if end == ChoiceState::Rejected { &asked[..1] } else { &asked[..] };
            let (moves, left) = choices::after(&choices, ended, end);
            let now = applied(&choices, &moves);
            let still = now.iter().any(|one| one.state == ChoiceState::Offered);
            prop_assert_eq!(still, !left);
            if left {
                prop_assert!(now.iter().all(|one| one.state != ChoiceState::Waiting), "an unmet need has tried everybody");
            }
        }
    }

    #[test]
    fn who_accepts_is_alone(choices in some_choices()) {
        prop_assume!(choices.iter().all(|one| one.state != ChoiceState::Accepted));
        for one in choices.iter().filter(|one| one.state == ChoiceState::Offered) {
            let now = applied(&choices, &choices::accepted(&choices, one.position));
            let open: Vec<i32> = now.iter().filter(|one| one.state.opens()).map(|one| one.position).collect();
            prop_assert_eq!(open, [one.position]);
        }
        let now = applied(&choices, &choices::ended(&choices));
        prop_assert!(now.iter().all(|one| !one.state.opens()));
    }

    #[test]
    fn no_steps_take_more_than_there_is(steps in prop::collection::vec((0..5_u8, 0..4_u32, 0..4_u32), 0..60)) {
        let mut capacity = Capacity { maximum: 5, ..Capacity::default() };
        for (step, count, other) in steps {
            let next = match step {
                0 => capacity.hold(count),
                1 => capacity.confirm(count),
                2 => capacity.release(count),
                3 => capacity.vacate(count),
                _ => capacity.set(count + other, other),
            };
            let refused = next.is_err();
            let before = capacity;
            capacity = next.unwrap_or(capacity);
            prop_assert!(capacity.holds_together());
            prop_assert!(!refused || capacity == before, "what is refused changes nothing");
            prop_assert!(step != 0 || refused == (count > before.available()), "refused exactly for want of room");
        }
    }
}
