//! What the page of an escalation shows.

mod answers;
mod facts;

use helpline_proto::escalation::v1::{Escalation, EscalationKind};
use maud::Markup;

pub(crate) use self::answers::{ACCEPT, ACKNOWLEDGE, DECLINE, ON_SCENE, REACHED, RESPONDING, done};
use super::form::Forms;
use crate::desk::Seen;
use crate::words::Words;

/// The heading, what is known, what can be answered.
pub(super) fn parts(
    words: &Words,
    seen: &Seen,
    one: &Escalation,
    forms: &Forms<'_>,
) -> (String, Markup, Markup) {
    let kind = match one.kind() {
        EscalationKind::MandatoryReport => words.report,
        _ => words.emergency,
    };
    let heading = format!("{kind} {}", one.number);
    (heading, facts::facts(words, seen, one), answers::answers(words, seen, one, forms))
}
