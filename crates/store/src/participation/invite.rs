//! Inviting somebody into a contact, and their joining it.

use helpline_domain::id::{ContactId, CounsellorId, ParticipationId};
use helpline_domain::participation::{OutsideRole, ParticipationKind};
use helpline_vault::Sensitive;

use super::changed::{ChangedRow, PartChanged};
use super::ends::own_part;
use crate::change::{Change, Command, change, change_query};
use crate::presence::room_columns;
use crate::sealing::{ADDRESS, BRIEFING};
use crate::{Store, StoreError};

/// Who is invited.
#[derive(Clone, Debug)]
pub enum Guest {
    /// A counsellor, for so many seconds.
    Counsellor(CounsellorId, u32),
    /// Somebody outside.
    Outside(OutsideRole, Sensitive<String>),
}

/// An invitation about to be made.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Invitation {
    pub participation_id: ParticipationId,
    pub contact_id: ContactId,
    pub kind: ParticipationKind,
    pub guest: Guest,
    pub briefing: Option<Sensitive<String>>,
}

/// The caller has the contact; a counsellor who is invited is somebody else, ready, with room, and has named no conflict.
/// They are held from now on.
const INVITE: &str = change!(
    event: "participant_invited", resource: "participation_id", about: ("contact_id", "participant_id", "NULL::uuid"),
    detail: "jsonb_build_object('participation', participation_id, 'kind', kind, 'role', role)",
    with: "contact AS (
        SELECT c.contact_id AS id, c.medium AS contact_medium FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.contact_id = $8 AND c.counsellor_id = $2 AND c.state = 'in_progress'
          AND $10::uuid IS DISTINCT FROM $2 FOR UPDATE),
    presence AS MATERIALIZED (
        SELECT p.counsellor_id, contact_medium FROM contact
        JOIN helpline.presences p ON p.centre_id = $1 AND p.counsellor_id = $10
        WHERE p.state = 'ready' AND p.held_voice = 0 AND CASE contact_medium
            WHEN 'voice' THEN p.max_voice = 1 AND p.held_chat = 0 AND p.held_message = 0
            WHEN 'chat' THEN p.held_chat < p.max_chat
            ELSE p.held_message < p.max_message END
          AND NOT EXISTS (SELECT FROM helpline.offers o WHERE o.centre_id = $1 AND o.contact_id = $8
            AND o.state IN ('declined', 'expired', 'withdrawn') AND o.counsellor_id = $10 AND o.state = 'declined' AND o.reason = 'conflict')
          AND NOT EXISTS (SELECT FROM helpline.participations q WHERE q.centre_id = $1 AND q.contact_id = $8
            AND q.counsellor_id = $10 AND q.state = 'declined' AND q.reason = 'conflict')
        FOR UPDATE OF p),
    freed AS (
        UPDATE helpline.presences p SET
            held_voice = p.held_voice + (contact_medium = 'voice')::int, held_chat = p.held_chat + (contact_medium = 'chat')::int,
            held_message = p.held_message + (contact_medium = 'message')::int, idle_since = helpline.now(), revision = p.revision + 1
        FROM presence WHERE p.centre_id = $1 AND p.counsellor_id = $10
        RETURNING ", room_columns!(), "),
    written AS (
        INSERT INTO helpline.participations (centre_id, participation_id, contact_id, kind, state, counsellor_id, role, address_sealed,
            briefing_sealed, medium, invited_by, invited_at, expires_at)
        SELECT $1, $7, id, $9, 'invited', $10, $11, $12, $13, contact_medium, $2, helpline.now(), helpline.now() + make_interval(secs => $14)
        FROM contact WHERE $10 IS NULL OR EXISTS (SELECT FROM freed)
        RETURNING participation_id, counsellor_id AS participant_id, kind, role),
    changed AS (
        UPDATE helpline.contacts c SET participations = array_append(c.participations, $7), revision = c.revision + 1
        FROM written WHERE c.centre_id = $1 AND c.contact_id = $8
        RETURNING c.contact_id, c.counsellor_id AS owner_id, c.revision, written.*)";
    returning: "participation_id, contact_id, owner_id, participant_id,
        (SELECT coalesce(jsonb_agg(to_jsonb(freed)), '[]') FROM freed) AS rooms",
);

const JOIN: &str = change!(
    event: "participant_joined", resource: "participation_id", about: ("contact_id", "participant_id", "NULL::uuid"),
    detail: "jsonb_build_object('participation', participation_id, 'kind', kind)",
    with: "asked AS (
        SELECT contact_id FROM helpline.participations WHERE centre_id = $1 AND participation_id = $7),
    before AS (
        SELECT c.contact_id AS id, c.counsellor_id AS owner_id, c.brought_by FROM helpline.contacts c
        WHERE c.centre_id = $1 AND c.contact_id = (SELECT contact_id FROM asked) AND c.state = 'in_progress'
          AND $7 = ANY (c.participations) FOR UPDATE),
    joined AS (
        UPDATE helpline.participations q SET state = 'joined', joined_at = helpline.now()
        FROM before WHERE q.centre_id = $1 AND q.participation_id = $7 AND q.state = 'invited'
          AND (q.expires_at IS NULL OR q.expires_at > helpline.now()) AND ", own_part!(), "
        RETURNING q.participation_id, q.counsellor_id AS participant_id, q.kind),
    changed AS (
        UPDATE helpline.contacts c SET revision = c.revision + 1
        FROM joined WHERE c.centre_id = $1 AND c.contact_id = (SELECT id FROM before)
        RETURNING c.contact_id, c.counsellor_id AS owner_id, c.revision, joined.*),
    presence AS (
        UPDATE helpline.presences p SET missed_offers = 0, revision = p.revision + 1
        FROM changed WHERE p.centre_id = $1 AND p.counsellor_id = (SELECT participant_id FROM changed) AND p.missed_offers <> 0)";
    returning: "participation_id, contact_id, owner_id, participant_id, '[]'::jsonb AS rooms",
);

impl Store {
    /// Invites somebody into a contact that the caller has. Who takes part already gives
    /// `Constraint { name: "participations_once" }`, a second warm transfer `participations_one_transfer`.
    pub async fn invite_participant(
        &self,
        command: &Command,
        invitation: &Invitation,
    ) -> Result<Change<PartChanged>, StoreError> {
        let (centre, row) = (command.centre(), invitation.participation_id.as_uuid());
        let (counsellor, timeout_s, role, address) = match &invitation.guest {
            Guest::Counsellor(id, timeout_s) => (Some(id.as_uuid()), Some(f64::from(*timeout_s)), None, None),
            Guest::Outside(role, address) => (None, None, Some(role.key()), Some(address)),
        };
        let query = change_query::<ChangedRow>(INVITE, command)
            .bind(row)
            .bind(invitation.contact_id.as_uuid())
            .bind(invitation.kind.key())
            .bind(counsellor)
            .bind(role)
            .bind(self.seal_some(ADDRESS, centre, row, address))
            .bind(self.seal_some(BRIEFING, centre, row, invitation.briefing.as_ref()))
            .bind(timeout_s);
        self.change(command, query).await?.try_map(PartChanged::try_from)
    }

    /// Joins a contact: by the counsellor who was invited; for somebody outside by the contact's counsellor or adapter.
    pub async fn join_contact(
        &self,
        command: &Command,
        id: ParticipationId,
    ) -> Result<Change<PartChanged>, StoreError> {
        let query = change_query::<ChangedRow>(JOIN, command).bind(id.as_uuid());
        self.change(command, query).await?.try_map(PartChanged::try_from)
    }
}
