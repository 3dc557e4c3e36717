//! What the page of a referral shows.

mod answers;
mod facts;

use helpline_proto::referral::v1::{Referral, ReferralState as State};
use maud::Markup;

pub(crate) use self::answers::{
    ACCEPT, AGREE, ATTENDED, BEGIN, CALLED_OFF, CANCEL, CANCEL_REASONS, CLOSE, KEEP, PAUSE, PAUSES, REJECT,
    SCHEDULE, UNATTENDED, done,
};
use super::form::Forms;
use crate::desk::Seen;
use crate::words::Words;

/// The heading, what is known, what can be answered.
pub(super) fn parts(
    words: &Words,
    seen: &Seen,
    one: &Referral,
    forms: &Forms<'_>,
) -> (String, Markup, Markup) {
    let heading = format!("{} {}", words.referral.title, one.number);
    (heading, facts::facts(words, seen, one), answers::answers(words, seen, one, forms))
}

/// Whether nothing is left for the agency to answer.
fn is_over(one: &Referral) -> bool {
    !matches!(
        one.state(),
        State::Requested | State::Accepted | State::InProgress | State::OnHold | State::CancelRequested
    )
}
