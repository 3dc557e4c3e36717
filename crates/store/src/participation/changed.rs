//! What a change of a participation made of it.

use helpline_domain::id::{ContactId, CounsellorId, ParticipationId};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::StoreError;
use crate::presence::{Room, RoomRow, rooms};

/// A participation that began, went on or ended. The contact is still its counsellor's.
#[derive(Clone, Debug)]
pub struct PartChanged {
    /// The participation.
    pub participation_id: ParticipationId,
    /// The contact.
    pub contact_id: ContactId,
    /// The contact's counsellor.
    pub owner_id: Option<CounsellorId>,
    /// Who takes part; `None` for somebody outside.
    pub participant_id: Option<CounsellorId>,
    /// How much room they have now, if that changed.
    pub rooms: Vec<Room>,
}

#[derive(FromRow)]
pub(super) struct ChangedRow {
    participation_id: Uuid,
    contact_id: Uuid,
    owner_id: Option<Uuid>,
    participant_id: Option<Uuid>,
    rooms: Json<Vec<RoomRow>>,
}

impl TryFrom<ChangedRow> for PartChanged {
    type Error = StoreError;

    fn try_from(row: ChangedRow) -> Result<Self, StoreError> {
        Ok(Self {
            participation_id: row.participation_id.into(),
            contact_id: row.contact_id.into(),
            owner_id: row.owner_id.map(CounsellorId::from),
            participant_id: row.participant_id.map(CounsellorId::from),
            rooms: rooms(row.rooms)?,
        })
    }
}
