//! Who takes part in a contact beside its counsellor. What happens to a participation is in the modules below; here is what
//! it is, and reading it.
//!
//! Every change of a participation locks its contact first, and the contact names those that are live. So a statement that
//! waited for a contact knows of a participation that came meanwhile, although it cannot see it: it changes nothing then,
//! and is run again (`participations_are_seen`).

mod changed;
mod custody;
mod ends;
mod invite;

use chrono::{DateTime, Utc};
use helpline_domain::channel::{Channel, Medium};
use helpline_domain::contact::ContactState;
use helpline_domain::id::{CentreId, ContactId, CounsellorId, ParticipationId, TokenId};
use helpline_domain::participation::{OutsideRole, ParticipationKind, ParticipationState};
use helpline_domain::risk::{Class, Risk};
use helpline_vault::Sensitive;
use sqlx::FromRow;
use uuid::Uuid;

use crate::contact::inconsistent as contact_inconsistent;
use crate::sealing::{ADDRESS, BRIEFING};
use crate::{Store, StoreError};

pub use changed::PartChanged;
pub use custody::HandedOver;
pub use ends::PartEnd;
pub(crate) use ends::{free_holds, part_all, participations_are_seen, rooms_column};
pub use invite::{Guest, Invitation};

/// Somebody's part in a contact, with what of the contact is coded.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Participation {
    pub participation_id: ParticipationId,
    pub contact_id: ContactId,
    pub kind: ParticipationKind,
    pub state: ParticipationState,
    pub counsellor_id: Option<CounsellorId>,
    pub role: Option<OutsideRole>,
    pub address: Option<Sensitive<String>>,
    pub briefing: Option<Sensitive<String>>,
    pub medium: Medium,
    pub invited_by: CounsellorId,
    pub invited_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub joined_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    /// Who has the contact or had it last.
    pub owner_id: Option<CounsellorId>,
    /// The adapter's token that brought the contact.
    pub brought_by: Option<TokenId>,
    /// Where the contact stands.
    pub contact_state: ContactState,
    pub channel: Channel,
    pub class: Class,
    pub risk: Risk,
    pub queue: String,
    pub language: Option<String>,
    pub received_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct ParticipationRow {
    participation_id: Uuid,
    contact_id: Uuid,
    kind: String,
    state: String,
    counsellor_id: Option<Uuid>,
    role: Option<String>,
    address_sealed: Option<Vec<u8>>,
    briefing_sealed: Option<Vec<u8>>,
    medium: String,
    invited_by: Uuid,
    invited_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    joined_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    owner_id: Option<Uuid>,
    brought_by: Option<Uuid>,
    contact_state: String,
    channel: String,
    class: i16,
    risk: i16,
    queue: String,
    language: Option<String>,
    received_at: DateTime<Utc>,
}

/// Selects participations `q` with their contacts `c`; conditions follow.
macro_rules! select_participation {
    () => {
        "SELECT q.participation_id, q.contact_id, q.kind, q.state, q.counsellor_id, q.role, q.address_sealed, q.briefing_sealed, \
         q.medium, q.invited_by, q.invited_at, q.expires_at, q.joined_at, q.ended_at, q.reason, c.counsellor_id AS owner_id, \
         c.brought_by, c.state AS contact_state, c.channel, c.class, c.risk, c.queue, c.language, c.received_at \
         FROM helpline.participations q JOIN helpline.contacts c USING (centre_id, contact_id) WHERE q.centre_id = $1 "
    };
}

const fn inconsistent(column: &'static str) -> StoreError {
    StoreError::Inconsistent { table: "participations", column }
}

/// What has to be done about a participation because time passed or somebody is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nobody answered in time.
    Unanswered,
    /// Who was invited is no longer ready, or who had joined is gone.
    Lost,
    /// The contact's counsellor is gone, and somebody is with the child who does not only advise.
    OwnerLost,
    /// The contact is no longer in progress.
    Over,
}

/// Whether a presence is of somebody who is gone: who was lost and has been seen since is back, ready or not.
macro_rules! is_gone {
    ($presence:literal) => {
        concat!(
            "(",
            $presence,
            ".state = 'offline' OR (",
            $presence,
            ".reason = 'client_lost' AND ",
            $presence,
            ".last_seen_at < ",
            $presence,
            ".since_at)) IS TRUE"
        )
    };
}
pub(crate) use is_gone;

/// Whether the counsellor (`o`) of a contact is gone: by their presence, or by the flag that their conversation has
/// since they fell silent.
macro_rules! owner_is_gone {
    ($contact:literal) => {
        concat!(
            "(",
            $crate::participation::is_gone!("o"),
            " OR (",
            $contact,
            ".lost_at IS NOT NULL AND o.last_seen_at < ",
            $contact,
            ".lost_at))"
        )
    };
}
pub(crate) use owner_is_gone;

/// What is due, by the live participations alone, which are few. Who came to take a contact over comes before who only
/// speaks in it.
const DUE: &str = concat!(
    "SELECT participation_id, due FROM (
        SELECT q.participation_id, CASE
            WHEN c.state <> 'in_progress' THEN 'over'
            WHEN q.state = 'invited' AND q.expires_at <= helpline.now() THEN 'unanswered'
            WHEN ",
    is_gone!("p"),
    " OR (q.state = 'invited' AND p.state <> 'ready') THEN 'lost'
            WHEN q.state = 'joined' AND q.kind <> 'consult' AND q.counsellor_id IS NOT NULL AND ",
    owner_is_gone!("c"),
    " THEN 'owner_lost'
        END AS due, q.kind = 'warm_transfer' AS warm
        FROM helpline.participations q
        JOIN helpline.contacts c USING (centre_id, contact_id)
        LEFT JOIN helpline.presences p ON p.centre_id = $1 AND p.counsellor_id = q.counsellor_id
        LEFT JOIN helpline.presences o ON o.centre_id = $1 AND o.counsellor_id = c.counsellor_id
        WHERE q.centre_id = $1 AND q.state IN ('invited', 'joined')) found
    WHERE due IS NOT NULL ORDER BY warm DESC LIMIT 100"
);

impl Store {
    fn participation_from(
        &self,
        centre: CentreId,
        row: ParticipationRow,
    ) -> Result<Participation, StoreError> {
        let id = row.participation_id;
        Ok(Participation {
            participation_id: id.into(),
            contact_id: row.contact_id.into(),
            kind: ParticipationKind::from_key(&row.kind).ok_or(inconsistent("kind"))?,
            state: ParticipationState::from_key(&row.state).ok_or(inconsistent("state"))?,
            counsellor_id: row.counsellor_id.map(CounsellorId::from),
            role: row
                .role
                .map(|role| OutsideRole::from_key(&role).ok_or(inconsistent("role")))
                .transpose()?,
            address: self.open_some(ADDRESS, centre, id, row.address_sealed.as_deref())?,
            briefing: self.open_some(BRIEFING, centre, id, row.briefing_sealed.as_deref())?,
            medium: Medium::ALL
                .into_iter()
                .find(|medium| medium.key() == row.medium)
                .ok_or(inconsistent("medium"))?,
            invited_by: row.invited_by.into(),
            invited_at: row.invited_at,
            expires_at: row.expires_at,
            joined_at: row.joined_at,
            ended_at: row.ended_at,
            reason: row.reason,
            owner_id: row.owner_id.map(CounsellorId::from),
            brought_by: row.brought_by.map(TokenId::from),
            contact_state: ContactState::from_key(&row.contact_state).ok_or(contact_inconsistent("state"))?,
            channel: Channel::from_key(&row.channel).ok_or(contact_inconsistent("channel"))?,
            class: Class::from_number(row.class).ok_or(contact_inconsistent("class"))?,
            risk: Risk::from_number(row.risk).ok_or(contact_inconsistent("risk"))?,
            queue: row.queue,
            language: row.language,
            received_at: row.received_at,
        })
    }

    /// One participation.
    pub async fn participation(
        &self,
        centre: CentreId,
        id: ParticipationId,
    ) -> Result<Option<Participation>, StoreError> {
        let found = self
            .participations_by(
                centre,
                concat!(select_participation!(), "AND q.participation_id = $2"),
                id.as_uuid(),
            )
            .await?;
        Ok(found.into_iter().next())
    }

    /// The last 100 who take or took part in a contact, in the order of their invitations.
    pub async fn participations_of(
        &self,
        centre: CentreId,
        contact: ContactId,
    ) -> Result<Vec<Participation>, StoreError> {
        const SQL: &str = concat!(
            select_participation!(),
            "AND q.contact_id = $2 ORDER BY q.invited_at DESC, q.participation_id DESC LIMIT 100"
        );
        let mut found = self.participations_by(centre, SQL, contact.as_uuid()).await?;
        found.reverse();
        Ok(found)
    }

    /// Live participations that concern a counsellor: their own, and those of others in contacts they have.
    pub async fn participations_concerning(
        &self,
        centre: CentreId,
        counsellor: CounsellorId,
    ) -> Result<Vec<Participation>, StoreError> {
        const SQL: &str = concat!(
            select_participation!(),
            "AND q.state IN ('invited', 'joined') AND (q.counsellor_id = $2 OR c.counsellor_id = $2) ORDER BY q.invited_at"
        );
        self.participations_by(centre, SQL, counsellor.as_uuid()).await
    }

    async fn participations_by(
        &self,
        centre: CentreId,
        sql: &'static str,
        id: Uuid,
    ) -> Result<Vec<Participation>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, ParticipationRow>(sql)
            .bind(centre.as_uuid())
            .bind(id)
            .fetch_all(connection.postgres())
            .await;
        let rows = connection.settle(rows)?;
        drop(connection);
        rows.into_iter().map(|row| self.participation_from(centre, row)).collect()
    }

    /// As what a counsellor is present in a contact that is another's; `None` when they have not joined.
    pub async fn joined_as(
        &self,
        centre: CentreId,
        contact: ContactId,
        counsellor: CounsellorId,
    ) -> Result<Option<ParticipationKind>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let kind = sqlx::query_scalar::<_, String>(
            "SELECT kind FROM helpline.participations
             WHERE centre_id = $1 AND contact_id = $2 AND counsellor_id = $3 AND state = 'joined'",
        )
        .bind(centre.as_uuid())
        .bind(contact.as_uuid())
        .bind(counsellor.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection
            .settle(kind)?
            .map(|kind| ParticipationKind::from_key(&kind).ok_or(inconsistent("kind")))
            .transpose()
    }

    /// Whether a counsellor has named a conflict with a contact: when it was offered, or when they were invited.
    pub async fn has_conflict(
        &self,
        centre: CentreId,
        contact: ContactId,
        counsellor: CounsellorId,
    ) -> Result<bool, StoreError> {
        Ok(self.conflicts(centre, contact).await?.contains(&counsellor))
    }

    /// Everybody who has named a conflict with a contact.
    pub async fn conflicts(
        &self,
        centre: CentreId,
        contact: ContactId,
    ) -> Result<Vec<CounsellorId>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let ids = sqlx::query_scalar::<_, Uuid>(
            "SELECT counsellor_id FROM helpline.offers
             WHERE centre_id = $1 AND contact_id = $2 AND state = 'declined' AND reason = 'conflict'
             UNION SELECT counsellor_id FROM helpline.participations
             WHERE centre_id = $1 AND contact_id = $2 AND state = 'declined' AND reason = 'conflict' AND counsellor_id IS NOT NULL",
        )
        .bind(centre.as_uuid())
        .bind(contact.as_uuid())
        .fetch_all(connection.postgres())
        .await;
        Ok(connection.settle(ids)?.into_iter().map(CounsellorId::from).collect())
    }

    /// Participations about which something is due.
    pub async fn due_participations(
        &self,
        centre: CentreId,
    ) -> Result<Vec<(ParticipationId, Due)>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (Uuid, String)>(DUE)
            .bind(centre.as_uuid())
            .fetch_all(connection.postgres())
            .await;
        let due = |key: &str| {
            Some(match key {
                "unanswered" => Due::Unanswered,
                "lost" => Due::Lost,
                "owner_lost" => Due::OwnerLost,
                "over" => Due::Over,
                _ => return None,
            })
        };
        connection
            .settle(rows)?
            .into_iter()
            .map(|(id, key)| Ok((id.into(), due(&key).ok_or(inconsistent("state"))?)))
            .collect()
    }
}
