//! What the page of a referral shows.

mod answers;
mod facts;
mod tasks;

use helpline_proto::casework::v1::Task;
use helpline_proto::referral::v1::{Referral, ReferralState as State};
use maud::{Markup, html};

pub(crate) use self::answers::{
    ACCEPT, AGREE, ATTENDED, BEGIN, CALLED_OFF, CANCEL, CANCEL_REASONS, CLOSE, KEEP, PAUSE, PAUSES, REJECT,
    SCHEDULE, UNATTENDED, done,
};
pub(crate) use self::tasks::{TASK_ACCEPT, TASK_COMPLETE, TASK_DECLINE};
use super::form::Forms;
use crate::desk::Seen;
use crate::words::Words;

/// The heading, what is known, what is to be done and can be answered.
pub(super) fn parts(
    words: &Words,
    seen: &Seen,
    (one, tasks): (&Referral, &[Task]),
    forms: &Forms<'_>,
) -> (String, Markup, Markup) {
    let heading = format!("{} {}", words.referral.title, one.number);
    let answers = html! {
        (tasks::tasks(words, seen, tasks, forms))
        (answers::answers(words, seen, one, forms))
    };
    (heading, facts::facts(words, seen, one), answers)
}

/// Whether nothing is left for the agency to answer.
fn is_over(one: &Referral) -> bool {
    !matches!(
        one.state(),
        State::Requested | State::Accepted | State::InProgress | State::OnHold | State::CancelRequested
    )
}
