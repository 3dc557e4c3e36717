//! The ends of a participation: declined, left, removed, expired, lost; and the end of all when the contact's talk ends.
//! Exactly one wins, because each locks the contact and finds the participation among those it names.

use helpline_domain::id::{CentreId, ParticipationId};
use helpline_domain::offer::DeclineReason;

use super::changed::{ChangedRow, PartChanged};
use super::{Due, is_gone};
use crate::change::{Change, Command, change, change_query};
use crate::{Store, StoreError};

/// The CTEs that free what the CTE `holds` (counsellor_id, medium, worked) lists, presences in the order of their ids, so
/// that two contacts that end at once cannot wait for each other, each looked up by its key (the limit lets the planner expect
/// few, whatever it knows of the tables). They end in `freed`. Who had nothing to do with the
/// contact yet stays where they were in the order of the longest idle. `$set` is set beside it.
macro_rules! free_holds {
    ($set:expr) => {
        concat!(
            ", holding AS (
                SELECT counsellor_id, count(*) FILTER (WHERE medium = 'voice') AS voice, count(*) FILTER (WHERE medium = 'chat') AS chat,
                    count(*) FILTER (WHERE medium = 'message') AS message, bool_or(worked) AS worked
                FROM holds WHERE counsellor_id IS NOT NULL GROUP BY counsellor_id),
            freeing AS MATERIALIZED (
                SELECT p.counsellor_id
                FROM (SELECT counsellor_id FROM holding ORDER BY counsellor_id LIMIT (SELECT count(*) FROM holding)) h
                CROSS JOIN LATERAL (
                    SELECT p.counsellor_id FROM helpline.presences p
                    WHERE p.centre_id = $1 AND p.counsellor_id = h.counsellor_id FOR UPDATE) p),
            freed AS (
                UPDATE helpline.presences p SET held_voice = p.held_voice - holding.voice, held_chat = p.held_chat - holding.chat,
                    held_message = p.held_message - holding.message,
                    idle_since = CASE WHEN holding.worked THEN helpline.now() ELSE p.idle_since END, revision = p.revision + 1",
            $set,
            "   FROM freeing JOIN holding USING (counsellor_id)
                WHERE p.centre_id = $1 AND p.counsellor_id = freeing.counsellor_id
                RETURNING ", $crate::presence::room_columns!(), ")"
        )
    };
}
pub(crate) use free_holds;

/// The rooms that `freed` gave, as one column.
macro_rules! rooms_column {
    () => {
        "(SELECT coalesce(jsonb_agg(to_jsonb(freed)), '[]') FROM freed) AS rooms"
    };
}
pub(crate) use rooms_column;

/// Ends everybody's part in the contact of `changed`, whose `old_participations` names them: the CTE `parted`, with a journal
/// entry for each; `$actor` is who and as what. What they held is for the statement to free.
macro_rules! part_all {
    ($reason:literal) => {
        $crate::participation::part_all!($reason, "$2, $3")
    };
    ($reason:literal, $actor:literal) => {
        concat!(
            ", parted AS (
                UPDATE helpline.participations q SET state = CASE q.state WHEN 'joined' THEN 'left' ELSE 'withdrawn' END,
                    reason = '", $reason, "', ended_at = helpline.now()
                FROM changed WHERE q.centre_id = $1 AND q.participation_id = ANY (ARRAY(SELECT unnest(old_participations) FROM changed))
                  AND q.state IN ('invited', 'joined')
                RETURNING q.participation_id, q.contact_id, q.counsellor_id, q.kind, q.medium, q.state, q.joined_at, changed.revision),
            parting AS (
                INSERT INTO helpline.journal (centre_id, at, event, actor_id, actor_role, contact_id, counsellor_id, revision, detail)
                SELECT $1, helpline.now(), 'participation_ended', ", $actor, ", contact_id, counsellor_id, revision,
                    jsonb_build_object('participation', participation_id, 'kind', kind, 'state', state, 'reason', '", $reason, "')
                FROM parted)"
        )
    };
}
pub(crate) use part_all;

/// Whether the statement sees every participation that the contact it has locked names in `old_participations`. One that
/// began while it waited for the lock it does not see: it changes nothing then, and is run again.
macro_rules! participations_are_seen {
    () => {
        "(old_participations = '{}' OR cardinality(old_participations) = (SELECT count(*) FROM helpline.participations q \
            WHERE q.centre_id = $1 AND q.participation_id = ANY (old_participations)))"
    };
}
pub(crate) use participations_are_seen;

/// Ends the participation `$id` if it is live and `$when` holds of it (`q`) and its contact (`before`).
macro_rules! end_one {
    ($id:literal, $state:literal, $reason:literal, $when:expr, $set:expr) => {
        concat!(
            "asked AS (
                SELECT contact_id FROM helpline.participations WHERE centre_id = $1 AND participation_id = ", $id, "),
            before AS (
                SELECT c.contact_id AS id, c.state AS contact_state, c.counsellor_id AS owner_id, c.brought_by FROM helpline.contacts c
                WHERE c.centre_id = $1 AND c.contact_id = (SELECT contact_id FROM asked) AND ", $id, " = ANY (c.participations) FOR UPDATE),
            ended AS (
                UPDATE helpline.participations q SET state = ", $state, ", reason = ", $reason, ", ended_at = helpline.now()
                FROM before WHERE q.centre_id = $1 AND q.participation_id = ", $id, " AND q.state IN ('invited', 'joined') AND ", $when, "
                RETURNING q.participation_id, q.counsellor_id AS participant_id, q.kind, q.medium AS part_medium, q.joined_at,
                    q.state AS part_state, q.reason),
            changed AS (
                UPDATE helpline.contacts c SET participations = array_remove(c.participations, ", $id, "), revision = c.revision + 1
                FROM ended WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM before)
                RETURNING c.contact_id, c.counsellor_id AS owner_id, c.revision, ended.*),
            holds AS (
                SELECT participant_id AS counsellor_id, part_medium AS medium, joined_at IS NOT NULL AS worked FROM changed)",
            free_holds!($set)
        )
    };
}

macro_rules! detail {
    () => {
        "jsonb_build_object('participation', participation_id, 'kind', kind, 'state', part_state, 'reason', reason)"
    };
}

/// Whose word it is: the counsellor's who was invited; for somebody outside that of the contact's counsellor or adapter.
macro_rules! own_part {
    () => {
        "(q.counsellor_id = $2 OR (q.counsellor_id IS NULL AND $2 IN (owner_id, brought_by)))"
    };
}
pub(super) use own_part;

const DECLINE: &str = change!(
    event: "invitation_declined", resource: "participation_id", about: ("contact_id", "participant_id", "NULL::uuid"),
    detail: "jsonb_build_object('participation', participation_id, 'kind', kind, 'reason', reason)",
    with: end_one!("$7", "'declined'", "$8",
        concat!("q.state = 'invited' AND (q.expires_at IS NULL OR q.expires_at > helpline.now()) AND ", own_part!()),
        ", missed_offers = 0");
    returning: "participation_id, contact_id, owner_id, participant_id, ", rooms_column!(),
);

const LEAVE: &str = change!(
    event: "participation_ended", resource: "participation_id", about: ("contact_id", "participant_id", "NULL::uuid"),
    detail: "jsonb_build_object('participation', participation_id, 'kind', kind, 'state', part_state, 'reason', reason)",
    with: end_one!("$7", "'left'", "'left'", concat!("q.state = 'joined' AND ", own_part!()), "");
    returning: "participation_id, contact_id, owner_id, participant_id, ", rooms_column!(),
);

const REMOVE: &str = change!(
    event: "participation_ended", resource: "participation_id", about: ("contact_id", "participant_id", "NULL::uuid"),
    detail: "jsonb_build_object('participation', participation_id, 'kind', kind, 'state', part_state, 'reason', reason)",
    with: end_one!("$7", "CASE q.state WHEN 'joined' THEN 'left' ELSE 'withdrawn' END", "'removed'", "owner_id = $2", "");
    returning: "participation_id, contact_id, owner_id, participant_id, ", rooms_column!(),
);

/// The same by itself: no command, `$2` is the participation.
macro_rules! by_itself {
    ($event:literal, $core:expr) => {
        concat!(
            "WITH ",
            $core,
            ", journalled AS (
                INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision, detail)
                SELECT $1, helpline.now(), '", $event, "', contact_id, participant_id, revision, ", detail!(), " FROM changed)
            SELECT participation_id, contact_id, owner_id, participant_id, ", rooms_column!(), " FROM changed"
        )
    };
}

/// A missed invitation counts as a missed offer: `$3` in a row set the counsellor not ready.
const EXPIRE: &str = by_itself!(
    "invitation_expired",
    end_one!(
        "$2", "'expired'", "'no_answer'", "q.state = 'invited' AND q.expires_at <= helpline.now()",
        ", missed_offers = p.missed_offers + 1,
            state = CASE WHEN p.state = 'ready' AND p.missed_offers + 1 >= $3 THEN 'not_ready' ELSE p.state END,
            reason = CASE WHEN p.state = 'ready' AND p.missed_offers + 1 >= $3 THEN 'missed_offers' ELSE p.reason END,
            since_at = CASE WHEN p.state = 'ready' AND p.missed_offers + 1 >= $3 THEN helpline.now() ELSE p.since_at END"
    )
);

const LOSE: &str = by_itself!(
    "participation_ended",
    end_one!(
        "$2",
        "CASE q.state WHEN 'joined' THEN 'left' ELSE 'withdrawn' END",
        "CASE q.state WHEN 'joined' THEN 'client_lost' ELSE 'not_ready' END",
        concat!(
            "EXISTS (SELECT FROM helpline.presences p WHERE p.centre_id = $1 AND p.counsellor_id = q.counsellor_id AND (",
            is_gone!("p"),
            " OR (q.state = 'invited' AND p.state <> 'ready')))"
        ),
        ""
    )
);

/// What a statement left behind that moved the contact without ending everybody's part.
const OVER: &str = by_itself!(
    "participation_ended",
    end_one!(
        "$2",
        "CASE q.state WHEN 'joined' THEN 'left' ELSE 'withdrawn' END",
        "'conversation_over'",
        "contact_state <> 'in_progress'",
        ""
    )
);

/// How somebody ends their own part, or another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartEnd {
    /// Declines the invitation.
    Decline(DeclineReason),
    /// Leaves.
    Leave,
    /// Is removed by the contact's counsellor.
    Remove,
}

impl Store {
    /// Ends a participation at somebody's word.
    pub async fn end_participation(
        &self,
        command: &Command,
        id: ParticipationId,
        end: PartEnd,
    ) -> Result<Change<PartChanged>, StoreError> {
        let sql = match end {
            PartEnd::Decline(_) => DECLINE,
            PartEnd::Leave => LEAVE,
            PartEnd::Remove => REMOVE,
        };
        let mut query = change_query::<ChangedRow>(sql, command).bind(id.as_uuid());
        if let PartEnd::Decline(reason) = end {
            query = query.bind(reason.key());
        }
        self.change(command, query).await?.try_map(PartChanged::try_from)
    }

    /// Ends a participation that is due to end; `None` when it no longer is. `missed_limit` missed offers in a row set a
    /// counsellor not ready.
    pub async fn end_due_participation(
        &self,
        centre: CentreId,
        id: ParticipationId,
        due: Due,
        missed_limit: u32,
    ) -> Result<Option<PartChanged>, StoreError> {
        let query = match due {
            Due::Unanswered => EXPIRE,
            Due::Lost => LOSE,
            Due::Over => OVER,
            // Nobody's part ends by it: custody moves.
            Due::OwnerLost => return Ok(None),
        };
        let mut query = sqlx::query_as::<_, ChangedRow>(query).bind(centre.as_uuid()).bind(id.as_uuid());
        if due == Due::Unanswered {
            query = query.bind(i64::from(missed_limit));
        }
        let mut connection = self.bound(centre).await?;
        let row = query.fetch_optional(connection.postgres()).await;
        connection.settle(row)?.map(PartChanged::try_from).transpose()
    }
}
