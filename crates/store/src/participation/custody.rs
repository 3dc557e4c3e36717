//! The one place where custody moves from hand to hand: the contact's counsellor, its holder, its epoch, the room of who gave
//! it, and the participation change in one statement.

use helpline_domain::id::{CentreId, CounsellorId, ParticipationId};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::ends::{free_holds, rooms_column};
use super::{is_gone, owner_is_gone};
use crate::change::{Change, Command, change, change_query};
use crate::contact::{Contact, ContactRow, contact_columns};
use crate::presence::{Room, RoomRow, rooms};
use crate::{Store, StoreError};

/// Hands the contact of the participation `$id` over to who joined it, if `$when` holds of the participation (`q`) and the
/// contact (`before`). What they hold by the participation they hold by the contact from now
/// on. Who else takes part stays.
macro_rules! hand_over {
    ($id:literal, $reason:literal, $when:expr) => {
        concat!(
            "asked AS (
                SELECT contact_id FROM helpline.participations WHERE centre_id = $1 AND participation_id = ", $id, "),
            before AS (
                SELECT c.contact_id AS id, c.counsellor_id AS old_owner, c.holder_id AS old_holder, c.medium AS old_medium, c.lost_at FROM helpline.contacts c
                WHERE c.centre_id = $1 AND c.contact_id = (SELECT contact_id FROM asked) AND c.state = 'in_progress'
                  AND ", $id, " = ANY (c.participations) FOR UPDATE),
            ended AS (
                UPDATE helpline.participations q SET state = 'took_over', reason = ", $reason, ", ended_at = helpline.now()
                FROM before WHERE q.centre_id = $1 AND q.participation_id = ", $id, " AND q.state = 'joined'
                  AND ", $when, "
                RETURNING q.participation_id, q.counsellor_id AS new_owner, q.reason AS part_reason),
            changed AS (
                UPDATE helpline.contacts c SET counsellor_id = new_owner, holder_id = new_owner, put_aside_at = NULL, lost_at = NULL,
                    participations = array_remove(c.participations, ", $id, "), epoch = c.epoch + 1, revision = c.revision + 1
                FROM ended, before WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM before)
                RETURNING c.*, participation_id, old_owner, old_holder, old_medium, part_reason),
            holds AS (SELECT old_holder AS counsellor_id, old_medium AS medium, true AS worked FROM changed)",
            free_holds!("")
        )
    };
}

const TAKE_OVER: &str = change!(
    event: "contact_taken_over", resource: "contact_id", about: ("contact_id", "counsellor_id", "NULL::uuid"),
    detail: "jsonb_build_object('participation', participation_id, 'from', old_owner)",
    with: hand_over!("$7", "NULL", "q.kind = 'warm_transfer' AND q.counsellor_id = $2");
    returning: contact_columns!(), ", old_owner, ", rooms_column!(),
);

/// The contact's counsellor is gone and somebody is with the child, and not to advise alone: it is theirs.
const INHERIT: &str = concat!(
    "WITH ",
    hand_over!("$2", "'owner_lost'", concat!(
        "q.kind <> 'consult' AND q.counsellor_id IS NOT NULL
         AND EXISTS (SELECT FROM helpline.presences o WHERE o.centre_id = $1 AND o.counsellor_id = old_owner AND ", owner_is_gone!("before"), ")
         AND NOT EXISTS (SELECT FROM helpline.presences p WHERE p.centre_id = $1 AND p.counsellor_id = q.counsellor_id AND ", is_gone!("p"), ")")),
    ", journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision, detail)
        SELECT $1, helpline.now(), 'contact_taken_over', contact_id, counsellor_id, revision,
            jsonb_build_object('participation', participation_id, 'from', old_owner, 'reason', part_reason)
        FROM changed)
    SELECT ", contact_columns!(), ", old_owner, ", rooms_column!(), " FROM changed"
);

/// A contact that went from hand to hand.
#[derive(Clone, Debug)]
pub struct HandedOver {
    /// The contact, with its new counsellor.
    pub contact: Contact,
    /// Who had it.
    pub from: Option<CounsellorId>,
    /// How much room they have now.
    pub rooms: Vec<Room>,
}

#[derive(FromRow)]
struct HandedRow {
    #[sqlx(flatten)]
    contact: ContactRow,
    old_owner: Option<Uuid>,
    rooms: Json<Vec<RoomRow>>,
}

impl Store {
    /// Takes a contact over as who joined it for a warm transfer.
    pub async fn take_over(
        &self,
        command: &Command,
        id: ParticipationId,
    ) -> Result<Change<HandedOver>, StoreError> {
        let query = change_query::<HandedRow>(TAKE_OVER, command).bind(id.as_uuid());
        self.change(command, query).await?.try_map(|row| self.handed_over(command.centre(), row))
    }

    /// Gives a contact whose counsellor is gone to who joined it to speak with the child; `None` when that is no longer so.
    pub async fn inherit_contact(
        &self,
        centre: CentreId,
        id: ParticipationId,
    ) -> Result<Option<HandedOver>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, HandedRow>(INHERIT)
            .bind(centre.as_uuid())
            .bind(id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let row = connection.settle(row)?;
        drop(connection);
        row.map(|row| self.handed_over(centre, row)).transpose()
    }

    fn handed_over(&self, centre: CentreId, row: HandedRow) -> Result<HandedOver, StoreError> {
        Ok(HandedOver {
            contact: self.contact_from(centre, row.contact)?,
            from: row.old_owner.map(CounsellorId::from),
            rooms: rooms(row.rooms)?,
        })
    }
}
