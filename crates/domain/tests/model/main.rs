//! A model of the line, checked in every order in which things can happen.
//!
//! Small bounds, every interleaving: proposals made on what was true a moment ago and committed later or lost with the
//! process, answers that are lost, late or repeated, offer groups, invitations, take-overs, people who leave at any step. What must
//! hold are the same functions that the tests against real servers ask: `helpline_domain::invariants`. Models with a
//! mistake built in show that the checker would find it.

mod floor;
mod steps;

use helpline_domain::invariants::{ALWAYS, BETWEEN};
use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::floor::{Moment, Size};
use crate::steps::{Fault, Step};

/// A floor of this size, perhaps with a mistake in how one step is made.
#[derive(Clone)]
struct Line {
    size: Size,
    fault: Option<Fault>,
}

fn always<const AT: usize>(_: &Line, moment: &Moment) -> bool {
    (ALWAYS[AT].1)(&moment.floor)
}

fn between<const AT: usize>(_: &Line, moment: &Moment) -> bool {
    !moment.broken_step.contains(&BETWEEN[AT].0)
}

impl Model for Line {
    type State = Moment;
    type Action = Step;

    fn init_states(&self) -> Vec<Moment> {
        vec![self.size.begin()]
    }

    fn actions(&self, moment: &Moment, steps: &mut Vec<Step>) {
        steps.extend(moment.possible(&self.size));
    }

    fn next_state(&self, moment: &Moment, step: Step) -> Option<Moment> {
        let next = moment.after(&step, self.fault);
        (next != *moment).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ALWAYS[0].0, always::<0>),
            Property::always(ALWAYS[1].0, always::<1>),
            Property::always(ALWAYS[2].0, always::<2>),
            Property::always(ALWAYS[3].0, always::<3>),
            Property::always(ALWAYS[4].0, always::<4>),
            Property::always(ALWAYS[5].0, always::<5>),
            Property::always(ALWAYS[6].0, always::<6>),
            Property::always(ALWAYS[7].0, always::<7>),
            Property::always(ALWAYS[8].0, always::<8>),
            Property::always(BETWEEN[0].0, between::<0>),
            Property::always(BETWEEN[1].0, between::<1>),
            Property::always(BETWEEN[2].0, between::<2>),
            Property::always(BETWEEN[3].0, between::<3>),
            Property::sometimes("every contact is answered and over", |_, moment: &Moment| {
                moment.all_closed()
            }),
            Property::sometimes("somebody else owns it than who accepted it", |_, moment: &Moment| {
                moment.taken_over
            }),
        ]
    }
}

#[test]
fn whatever_happens_in_whatever_order_the_floor_is_right() {
    assert_eq!((ALWAYS.len(), BETWEEN.len()), (9, 4), "each has a property above");
    for size in [Size::CALL_AND_CHAT, Size::ONE_CALL_OF_THREE] {
        let checker = Line { size, fault: None }.checker().threads(2).spawn_bfs().join();
        checker.assert_properties();
        assert!(checker.unique_state_count() > 1000, "{} states", checker.unique_state_count());
    }
}

/// Whether the checker finds that this does not hold when things are done with a mistake.
fn finds(fault: Fault, name: &'static str) {
    let line = Line { size: Size::CALL_AND_CHAT, fault: Some(fault) };
    let found = HasDiscoveries::AllOf([name].into());
    let checker = line.checker().threads(2).finish_when(found).spawn_bfs().join();
    assert!(checker.discovery(name).is_some(), "{fault:?} goes unnoticed by \"{name}\"");
}

#[test]
fn an_offer_committed_without_a_look_at_the_room_is_found() {
    finds(Fault::CommitsWithoutRoom, "who speaks does nothing else");
}

#[test]
fn an_accept_that_does_not_ask_whether_the_offer_is_open_is_found() {
    finds(Fault::AcceptsWhatIsClosed, "custody passes to who was offered it or takes part");
}

#[test]
fn a_group_of_which_the_others_stay_open_is_found() {
    finds(Fault::LeavesTheGroupOpen, "a contact is offered exactly when it has an open offer");
}

#[test]
fn a_take_over_that_leaves_the_former_owner_booked_is_found() {
    finds(Fault::TakeOverKeepsBooking, "what is booked as held is what is held");
}

#[test]
fn a_departure_that_leaves_a_participation_is_found() {
    finds(Fault::EndKeepsParticipants, "a contact that is over leaves nothing behind");
}
