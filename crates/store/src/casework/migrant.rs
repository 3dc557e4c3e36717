//! Cases of migrant children: [`protection`] is what they are afraid of, [`redirect`] their case handed to an organisation as a whole,
//! [`detention`] that they are held, [`stay`] until when they stay somewhere.
//!
//! Every change locks the case before its rows, and is noted on its timeline.

pub mod detention;
pub mod protection;
pub mod redirect;
pub mod stay;

/// The timeline of the case in `parent` says what happened to the row in `changed`: an event, the key under which its id stands, and the
/// parameters of the entry and of its sealed text.
macro_rules! noted {
    ($event:literal, $actor:literal, $detail:literal, $entry:literal, $text:literal) => {
        concat!(
            "noted AS (
                INSERT INTO helpline.case_events (centre_id, case_id, sequence, at, event, actor_id, actor_role, detail, entry_id, text_sealed)
                SELECT $1, parent.case_id, parent.event_count, helpline.now(), ",
            $event,
            ", ",
            $actor,
            ", ",
            $detail,
            ", ",
            $entry,
            ", ",
            $text,
            " FROM parent CROSS JOIN changed)"
        )
    };
}
pub(crate) use noted;

/// The case `c` that a condition finds counts what happens to it.
macro_rules! parent {
    ($from:literal, $($when:expr),+) => {
        concat!(
            "parent AS (
                UPDATE helpline.cases c SET event_count = c.event_count + 1, changed_at = helpline.now(), revision = c.revision + 1 ",
            $from,
            " WHERE c.centre_id = $1 AND ",
            $($when,)+
            " RETURNING c.case_id, c.event_count, c.owner_id, c.closed_at)"
        )
    };
}
pub(crate) use parent;
