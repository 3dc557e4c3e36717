//! Shift hand-over: the offer of unfinished work, and its one change of owner. [`unfinished`] is what there is to hand over.

pub mod unfinished;

use chrono::{DateTime, Utc};
use helpline_domain::id::{CentreId, CounsellorId, HandoverId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::presence::{Room, RoomRow, room_columns};
use crate::{Store, StoreError};

/// Where a hand-over stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HandoverState {
    /// Offered.
    Open,
    /// The work has another owner.
    Accepted,
    /// Whom it was offered to declined.
    Declined,
    /// Who offered it took it back.
    Withdrawn,
}

impl HandoverState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Accepted, Self::Declined, Self::Withdrawn];

    /// The stable key under which the state is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A hand-over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Handover {
    pub handover_id: HandoverId,
    pub from: CounsellorId,
    pub to: Option<CounsellorId>,
    pub state: HandoverState,
    pub accepted_by: Option<CounsellorId>,
    pub moved: i32,
    pub moved_callbacks: i32,
    pub moved_escalations: i32,
    pub moved_referrals: i32,
    pub offered_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub revision: i64,
}

/// A hand-over accepted, and the room that gave whoever left.
#[derive(Clone, Debug)]
pub struct HandedOver {
    /// The hand-over.
    pub handover: Handover,
    /// How much room whoever left has now, if it changed.
    pub room: Option<Room>,
}

#[derive(FromRow)]
struct HandoverRow {
    handover_id: Uuid,
    from_counsellor_id: Uuid,
    to_counsellor_id: Option<Uuid>,
    state: String,
    accepted_by: Option<Uuid>,
    moved: i32,
    moved_callbacks: i32,
    moved_escalations: i32,
    moved_referrals: i32,
    offered_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    revision: i64,
}

#[derive(FromRow)]
struct HandedOverRow {
    #[sqlx(flatten)]
    handover: HandoverRow,
    #[sqlx(flatten)]
    room: RoomRow,
}

macro_rules! handover_columns {
    () => {
        "handover_id, from_counsellor_id, to_counsellor_id, state, accepted_by, moved, moved_callbacks, moved_escalations, moved_referrals, offered_at, ended_at, revision"
    };
}

impl TryFrom<HandoverRow> for Handover {
    type Error = StoreError;

    fn try_from(row: HandoverRow) -> Result<Self, StoreError> {
        let state = HandoverState::ALL.into_iter().find(|state| state.key() == row.state);
        Ok(Self {
            handover_id: row.handover_id.into(),
            from: row.from_counsellor_id.into(),
            to: row.to_counsellor_id.map(CounsellorId::from),
            state: state.ok_or(StoreError::Inconsistent { table: "handovers", column: "state" })?,
            accepted_by: row.accepted_by.map(CounsellorId::from),
            moved: row.moved,
            moved_callbacks: row.moved_callbacks,
            moved_escalations: row.moved_escalations,
            moved_referrals: row.moved_referrals,
            offered_at: row.offered_at,
            ended_at: row.ended_at,
            revision: row.revision,
        })
    }
}

const OFFER: &str = change!(
    event: "handover_offered", resource: "handover_id", about: ("NULL::uuid", "to_counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('handover', handover_id, 'from', from_counsellor_id)",
    with: "changed AS (
        INSERT INTO helpline.handovers (centre_id, handover_id, from_counsellor_id, to_counsellor_id, state, offered_at)
        SELECT $1, $7, leaving.counsellor_id, $9, 'open', helpline.now() FROM helpline.counsellors leaving
        WHERE leaving.centre_id = $1 AND leaving.counsellor_id = $8 AND ($9::uuid IS NULL OR ($9 <> $8 AND EXISTS (
            SELECT FROM helpline.counsellors t WHERE t.centre_id = $1 AND t.counsellor_id = $9 AND t.disabled_at IS NULL)))
        ON CONFLICT (centre_id, from_counsellor_id) WHERE state = 'open' DO NOTHING
        RETURNING *)";
    returning: handover_columns!(),
);

/// Everything in `$locked` of a kind that has a timeline has this owner from now on, as `changed` says. The journal names who did it in
/// columns of its own.
macro_rules! handed_on {
    ($kind:literal, $locked:literal, $owner:literal, $detail:literal, ($who:literal, $by:literal)) => {
        concat!(
            $kind, "_handed AS (
        UPDATE helpline.", $kind, "s x SET event_count = x.event_count + 1, changed_at = helpline.now(), revision = x.revision + 1, owner_id = ", $owner, "
        FROM ", $locked, " l, changed WHERE x.centre_id = $1 AND x.", $kind, "_id = l.", $kind, "_id
        RETURNING x.", $kind, "_id AS handed_id, x.contact_id, x.event_count, x.revision, ", $detail, " AS detail),
    ", $kind, "_noted AS (
        INSERT INTO helpline.", $kind, "_events (centre_id, ", $kind, "_id, sequence, at, event, actor_id, actor_role, detail)
        SELECT $1, handed_id, event_count, helpline.now(), 'handed_on', $2, $3, detail FROM ", $kind, "_handed),
    ", $kind, "_journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, revision, detail, ", $who, ")
        SELECT $1, helpline.now(), '", $kind, "_handed_on', contact_id, revision, jsonb_build_object('", $kind, "_id', handed_id), ", $by, "
        FROM ", $kind, "_handed)"
        )
    };
}
pub(crate) use handed_on;

/// Whether whoever accepts has named a conflict with a contact.
macro_rules! conflicts_with {
    ($contact:literal) => {
        concat!(
            "(EXISTS (SELECT FROM helpline.offers o WHERE o.centre_id = $1 AND o.contact_id = ", $contact, "
                AND o.counsellor_id = $2 AND o.state = 'declined' AND o.reason = 'conflict')
              OR EXISTS (SELECT FROM helpline.participations q WHERE q.centre_id = $1 AND q.contact_id = ", $contact, "
                AND q.counsellor_id = $2 AND q.state = 'declined' AND q.reason = 'conflict'))"
        )
    };
}

/// All or nothing: the hand-over is accepted, and everything that is not a live talk has another owner, promises to call
/// back, open escalations and referrals among it. Whoever left holds it no longer, which frees them; the one who accepts is not taken
/// up by it. What concerns a contact with which that one named a conflict stays where it is.
const ACCEPT: &str = change!(
    event: "handover_accepted", resource: "handover_id", about: ("NULL::uuid", "accepted_by", "NULL::uuid"),
    detail: "jsonb_build_object('handover', handover_id, 'from', from_counsellor_id, 'moved', moved, 'moved_callbacks', moved_callbacks,
        'moved_escalations', moved_escalations, 'moved_referrals', moved_referrals)",
    with: "offer AS (
        SELECT from_counsellor_id AS leaving FROM helpline.handovers
        WHERE centre_id = $1 AND handover_id = $7 AND state = 'open' AND from_counsellor_id <> $2
          AND (to_counsellor_id IS NULL OR to_counsellor_id = $2)),
    work AS MATERIALIZED (
        SELECT c.contact_id, c.holder_id AS old_holder, c.medium AS old_medium FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.counsellor_id = (SELECT leaving FROM offer) AND c.state IN ('wrap_up', 'waiting_offline')
          AND NOT ", conflicts_with!("c.contact_id"), "
        ORDER BY c.contact_id FOR UPDATE),
    promises AS MATERIALIZED (
        SELECT cb.callback_id FROM helpline.callbacks cb
        WHERE cb.centre_id = $1 AND cb.preferred_counsellor_id = (SELECT leaving FROM offer) AND cb.state IN ('promised', 'due')
          AND (SELECT count(*) FROM work) >= 0
        ORDER BY cb.callback_id FOR UPDATE),
    dangers AS MATERIALIZED (
        SELECT e.escalation_id FROM helpline.escalations e
        WHERE e.centre_id = $1 AND e.owner_id = (SELECT leaving FROM offer) AND e.ended_at IS NULL
          AND (SELECT count(*) FROM promises) >= 0
          AND NOT EXISTS (
            SELECT FROM helpline.escalation_contacts x
            WHERE x.centre_id = $1 AND x.escalation_id = e.escalation_id AND ", conflicts_with!("x.contact_id"), ")
        ORDER BY e.escalation_id FOR UPDATE),
    asked AS MATERIALIZED (
        SELECT r.referral_id FROM helpline.referrals r
        WHERE r.centre_id = $1 AND r.owner_id = (SELECT leaving FROM offer) AND r.ended_at IS NULL
          AND (SELECT count(*) FROM dangers) >= 0 AND NOT ", conflicts_with!("r.contact_id"), "
        ORDER BY r.referral_id FOR UPDATE),
    changed AS (
        UPDATE helpline.handovers h SET state = 'accepted', accepted_by = $2, moved = (SELECT count(*) FROM work),
            moved_callbacks = (SELECT count(*) FROM promises), moved_escalations = (SELECT count(*) FROM dangers),
            moved_referrals = (SELECT count(*) FROM asked), ended_at = helpline.now(), revision = h.revision + 1
        FROM offer WHERE h.centre_id = $1 AND h.handover_id = $7 AND h.state = 'open'
        RETURNING h.*),
    handed AS (
        UPDATE helpline.contacts c SET counsellor_id = $2, holder_id = NULL, epoch = c.epoch + 1, revision = c.revision + 1
        FROM work, changed WHERE c.centre_id = $1 AND c.contact_id = work.contact_id
        RETURNING c.contact_id, c.revision),
    told AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision)
        SELECT $1, helpline.now(), 'contact_handed_over', contact_id, $2, revision FROM handed),
    promised AS (
        UPDATE helpline.callbacks cb SET preferred_counsellor_id = $2, revision = cb.revision + 1
        FROM promises, changed WHERE cb.centre_id = $1 AND cb.callback_id = promises.callback_id
        RETURNING cb.callback_id, coalesce(cb.work_contact_id, cb.origin_contact_id) AS contact_id, cb.revision),
    told_of_promises AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision, detail)
        SELECT $1, helpline.now(), 'callback_handed_over', contact_id, $2, revision, jsonb_build_object('callback_id', callback_id)
        FROM promised),
    ", handed_on!("escalation", "dangers", "$2", "jsonb_build_object('from', changed.from_counsellor_id, 'handover', changed.handover_id)", ("counsellor_id", "$2")), ",
    ", handed_on!("referral", "asked", "$2", "jsonb_build_object('from', changed.from_counsellor_id, 'handover', changed.handover_id)", ("counsellor_id", "$2")), ",
    freed AS (
        UPDATE helpline.presences p SET held_voice = p.held_voice - held.voice, held_chat = p.held_chat - held.chat,
            held_message = p.held_message - held.message, idle_since = helpline.now(), revision = p.revision + 1
        FROM changed, (SELECT count(*) FILTER (WHERE old_medium = 'voice') AS voice, count(*) FILTER (WHERE old_medium = 'chat') AS chat,
            count(*) FILTER (WHERE old_medium = 'message') AS message, count(*) AS everything FROM work WHERE old_holder IS NOT NULL) held
        WHERE p.centre_id = $1 AND p.counsellor_id = (SELECT from_counsellor_id FROM changed) AND held.everything > 0
        RETURNING ", room_columns!(), ")";
    returning: handover_columns!(), ", freed.*"; from: "changed LEFT JOIN freed ON true"
);

const DECLINE: &str = change!(
    event: "handover_ended", resource: "handover_id", about: ("NULL::uuid", "from_counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('handover', handover_id, 'to', state)",
    with: "changed AS (
        UPDATE helpline.handovers SET state = CASE WHEN from_counsellor_id = $2 THEN 'withdrawn' ELSE 'declined' END,
            ended_at = helpline.now(), revision = revision + 1
        WHERE centre_id = $1 AND handover_id = $7 AND state = 'open' AND (from_counsellor_id = $2 OR to_counsellor_id = $2)
        RETURNING *)";
    returning: handover_columns!(),
);

impl Store {
    /// Offers the unfinished work of a counsellor to another one, or to whoever accepts.
    pub async fn offer_handover(
        &self,
        command: &Command,
        id: HandoverId,
        from: CounsellorId,
        to: Option<CounsellorId>,
    ) -> Result<Change<Handover>, StoreError> {
        let query = change_query::<HandoverRow>(OFFER, command)
            .bind(id.as_uuid())
            .bind(from.as_uuid())
            .bind(to.map(|to| to.as_uuid()));
        self.change(command, query).await?.try_map(Handover::try_from)
    }

    /// Accepts a hand-over as its addressee.
    pub async fn accept_handover(
        &self,
        command: &Command,
        id: HandoverId,
    ) -> Result<Change<HandedOver>, StoreError> {
        let query = change_query::<HandedOverRow>(ACCEPT, command).bind(id.as_uuid());
        self.change(command, query)
            .await?
            .try_map(|row| Ok(HandedOver { handover: row.handover.try_into()?, room: row.room.room()? }))
    }

    /// Declines a hand-over as its addressee, or takes it back as its maker.
    pub async fn decline_handover(
        &self,
        command: &Command,
        id: HandoverId,
    ) -> Result<Change<Handover>, StoreError> {
        let query = change_query::<HandoverRow>(DECLINE, command).bind(id.as_uuid());
        self.change(command, query).await?.try_map(Handover::try_from)
    }

    /// One hand-over.
    pub async fn handover(&self, centre: CentreId, id: HandoverId) -> Result<Option<Handover>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, HandoverRow>(concat!(
            "SELECT ",
            handover_columns!(),
            " FROM helpline.handovers WHERE centre_id = $1 AND handover_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(Handover::try_from).transpose()
    }

    /// Every open hand-over, oldest first.
    pub async fn open_handovers(&self, centre: CentreId) -> Result<Vec<Handover>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, HandoverRow>(concat!(
            "SELECT ",
            handover_columns!(),
            " FROM helpline.handovers WHERE centre_id = $1 AND state = 'open' ORDER BY offered_at"
        ))
        .bind(centre.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        connection.settle(rows)?.into_iter().map(Handover::try_from).collect()
    }
}
