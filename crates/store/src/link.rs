//! Links by which somebody of an agency comes to one escalation: sent by e-mail, opened once, good for a while.
//!
//! Only keyed hashes of their tokens are known here. What opens or renews one asks each time whether the agency may still
//! know of the escalation.

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role};
use helpline_domain::id::{CentreId, DeliveryId, EscalationId, LinkId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::delivery::sending::Outgoing;
use crate::escalation::sees;
use crate::{Store, StoreError};

/// How often one link can be renewed, and seconds between.
const RENEWALS: i32 = 5;
const RENEW_EVERY_S: u32 = 60;

/// A link about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct NewLink {
    /// Its id.
    pub link_id: LinkId,
    /// SHA-256 of its token.
    pub hash: [u8; 32],
    /// How long it can be opened, in seconds.
    pub lifetime_s: u32,
}

/// A visit that a link was exchanged for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opened {
    /// What it is a visit to.
    pub escalation_id: EscalationId,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// Who visits, and what.
#[derive(Clone, Debug, FromRow)]
pub struct Visit {
    /// The escalation.
    pub escalation_id: Uuid,
    /// The agency.
    pub agency_id: Uuid,
    /// Name of the agency.
    pub agency: String,
    /// Name of the centre.
    pub centre: String,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// The database's time.
    pub now: DateTime<Utc>,
}

/// Why a link cannot be opened or renewed, as far as its row tells.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that the page words differently"
)]
#[derive(Clone, Debug, FromRow)]
pub struct Spent {
    /// It was opened, or another of the same e-mail was.
    pub used: bool,
    /// Its time is over.
    pub expired: bool,
    /// It was renewed as often as it can be.
    pub worn: bool,
    /// Seconds until it can be renewed again; not above zero when it can be.
    pub wait_s: f64,
    /// Whether the agency may still know of the escalation.
    pub seen: bool,
    /// Where the escalation stands.
    pub state: String,
    /// Whether that is an end.
    pub ended: bool,
}

#[derive(FromRow)]
struct OpenedRow {
    escalation_id: Uuid,
    visit_until: DateTime<Utc>,
}

#[derive(FromRow)]
struct RenewedRow {
    renewal_id: Uuid,
}

#[derive(FromRow)]
struct BearerRow {
    link_id: Uuid,
    centre_id: Uuid,
    agency_id: Uuid,
    escalation_id: Uuid,
    is_visit: bool,
}

/// Nothing is made for a delivery that somebody else has taken meanwhile.
const MAKE: &str = "
    WITH made AS (
        INSERT INTO helpline.escalation_links (centre_id, link_id, escalation_id, agency_id, endpoint_id, delivery_id, token_hash, made_at, expires_at)
        SELECT $1, $4, d.escalation_id, d.agency_id, d.endpoint_id, d.delivery_id, $5, helpline.now(), helpline.now() + make_interval(secs => $6)
        FROM helpline.deliveries d
        WHERE d.centre_id = $1 AND d.delivery_id = $2 AND d.revision = $3 AND d.state = 'pending' AND d.escalation_id IS NOT NULL
        RETURNING *),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'link_made', revision,
            jsonb_build_object('link_id', link_id, 'escalation_id', escalation_id, 'delivery_id', delivery_id)
        FROM made)
    SELECT link_id FROM made";

/// The escalation of the link that is the caller, locked first, if its agency may know of it.
macro_rules! theirs {
    ($and:literal) => {
        concat!(
            "before AS MATERIALIZED (
                SELECT e.escalation_id AS id, o.delivery_id AS mail_id FROM helpline.escalation_links o
                JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = o.escalation_id
                WHERE o.centre_id = $1 AND o.link_id = $2 ",
            $and,
            " AND ",
            sees!("o.link_id", "'agency_responder'", "o.agency_id"),
            "
                FOR UPDATE OF e),"
        )
    };
}

/// The entry of the timeline about the link in `done`, and `changed` with the contact that it is about.
macro_rules! noted {
    ($event:literal) => {
        concat!(
            "moved AS (
                UPDATE helpline.escalations e SET event_count = e.event_count + 1, changed_at = helpline.now(), revision = e.revision + 1
                FROM done WHERE e.centre_id = $1 AND e.escalation_id = done.escalation_id
                RETURNING e.event_count, e.contact_id),
            noted AS (
                INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, actor_id, actor_role, agency_id, delivery_id)
                SELECT $1, escalation_id, event_count, helpline.now(), '", $event, "', $2, $3, agency_id, delivery_id FROM done CROSS JOIN moved),
            changed AS (SELECT done.*, contact_id FROM done CROSS JOIN moved)"
        )
    };
}

/// Whoever opens one of an e-mail's links spends them all; they are locked in the order of their ids.
const OPEN: &str = change!(
    event: "link_opened", resource: "link_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('link_id', link_id, 'escalation_id', escalation_id, 'agency_id', agency_id, 'delivery_id', delivery_id)",
    with: theirs!(""), "
    same AS MATERIALIZED (
        SELECT l.link_id, l.used_at, l.expires_at FROM helpline.escalation_links l JOIN before ON l.delivery_id = before.mail_id
        WHERE l.centre_id = $1 ORDER BY l.link_id FOR UPDATE OF l),
    spent AS (
        UPDATE helpline.escalation_links l SET used_at = helpline.now(), revision = l.revision + 1,
            visit_hash = CASE WHEN l.link_id = $2 THEN $7::bytea END,
            visit_until = CASE WHEN l.link_id = $2 THEN helpline.now() + make_interval(secs => $8) END
        FROM same WHERE l.centre_id = $1 AND l.link_id = same.link_id AND NOT EXISTS (SELECT FROM same WHERE used_at IS NOT NULL)
          AND EXISTS (SELECT FROM same WHERE link_id = $2 AND expires_at > helpline.now())
        RETURNING l.*),
    done AS (SELECT * FROM spent WHERE link_id = $2),", noted!("link_opened");
    returning: "escalation_id, visit_until",
);

const RENEW: &str = change!(
    event: "link_renewed", resource: "renewal_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('link_id', link_id, 'escalation_id', escalation_id, 'agency_id', agency_id, 'delivery_id', renewal_id)",
    with: theirs!("AND e.ended_at IS NULL"), "
    asking AS MATERIALIZED (
        SELECT l.link_id AS id FROM helpline.escalation_links l JOIN before ON l.escalation_id = before.id
        WHERE l.centre_id = $1 AND l.link_id = $2 AND l.renewals < $8
          AND (l.renewed_at IS NULL OR l.renewed_at <= helpline.now() - make_interval(secs => $9))
        FOR UPDATE OF l),
    done AS (
        UPDATE helpline.escalation_links l SET renewed_at = helpline.now(), renewals = l.renewals + 1, revision = l.revision + 1
        FROM asking WHERE l.centre_id = $1 AND l.link_id = asking.id
        RETURNING l.*, $7::uuid AS renewal_id),
    mail AS (
        INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, event, kind, agency_id, endpoint_id, state, next_attempt_at, made_at)
        SELECT $1, renewal_id, escalation_id, 'escalation.link_renewed', 'email', agency_id, endpoint_id, 'pending', helpline.now(), helpline.now()
        FROM done),", noted!("link_renewed");
    returning: "renewal_id",
);

const SPENT: &str = concat!(
    "SELECT EXISTS (
            SELECT FROM helpline.escalation_links s WHERE s.centre_id = $1 AND s.delivery_id = o.delivery_id AND s.used_at IS NOT NULL) AS used,
        o.expires_at <= helpline.now() AS expired, o.renewals >= $3 AS worn,
        coalesce(extract(epoch FROM o.renewed_at + make_interval(secs => $4) - helpline.now()), 0)::float8 AS wait_s,
        e.state, e.ended_at IS NOT NULL AS ended, coalesce(",
    sees!("o.link_id", "'agency_responder'", "o.agency_id"),
    ", false) AS seen
     FROM helpline.escalation_links o JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = o.escalation_id
     WHERE o.centre_id = $1 AND o.link_id = $2"
);

const VISIT: &str = "
    SELECT l.escalation_id, l.agency_id, a.display_name AS agency, c.name AS centre, l.visit_until AS until, helpline.now() AS now
    FROM helpline.escalation_links l
    JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = l.agency_id
    JOIN helpline.centres c ON c.centre_id = $1
    WHERE l.centre_id = $1 AND l.link_id = $2 AND l.visit_until IS NOT NULL";

impl Store {
    /// What is stored of a token: nobody with a copy of the table can tell whether a token was ever good.
    fn link_hash(&self, hash: &[u8; 32]) -> Vec<u8> {
        self.vault.command_digest(&[b"escalation_links", hash]).to_vec()
    }

    /// Makes a link for the e-mail of a delivery that this process has taken; whether it could.
    pub async fn make_link(
        &self,
        centre: CentreId,
        outgoing: &Outgoing,
        new: &NewLink,
    ) -> Result<bool, StoreError> {
        let mut connection = self.bound(centre).await?;
        let made = sqlx::query_scalar::<_, Uuid>(MAKE)
            .bind(centre.as_uuid())
            .bind(outgoing.delivery_id.as_uuid())
            .bind(outgoing.revision)
            .bind(new.link_id.as_uuid())
            .bind(self.link_hash(&new.hash))
            .bind(f64::from(new.lifetime_s))
            .fetch_optional(connection.postgres())
            .await;
        Ok(connection.settle(made)?.is_some())
    }

    /// Who shows a link, or the token it was exchanged for, by its SHA-256; `None` when there is none, when the visit is over,
    /// and when agency or endpoint are disabled.
    pub async fn authenticate_link(&self, hash: &[u8; 32]) -> Result<Option<Caller>, StoreError> {
        let mut connection = self.unbound().await?;
        let row = sqlx::query_as::<_, BearerRow>(
            "SELECT link_id, centre_id, agency_id, escalation_id, is_visit FROM helpline.authenticate_link($1)",
        )
        .bind(self.link_hash(hash))
        .fetch_optional(connection.postgres())
        .await;
        Ok(connection.settle(row)?.map(|row| Caller {
            token_id: row.link_id.into(),
            centre_id: row.centre_id.into(),
            role: if row.is_visit { Role::AgencyResponder } else { Role::AgencyLink },
            counsellor_id: None,
            agency_id: Some(row.agency_id.into()),
            escalation_id: Some(row.escalation_id.into()),
        }))
    }

    /// Exchanges the link that is the caller for a token with this SHA-256, good for so many seconds. Refused when it, or
    /// another of the same e-mail, was used, when its time is over, and when the agency may not know of the escalation.
    pub async fn open_link(
        &self,
        command: &Command,
        hash: &[u8; 32],
        lifetime_s: u32,
    ) -> Result<Change<Opened>, StoreError> {
        let query =
            change_query::<OpenedRow>(OPEN, command).bind(self.link_hash(hash)).bind(f64::from(lifetime_s));
        let opened =
            |row: OpenedRow| Opened { escalation_id: row.escalation_id.into(), until: row.visit_until };
        Ok(self.change(command, query).await?.map(opened))
    }

    /// Puts an e-mail with a new link on its way to where the link went that is the caller. Refused when that was done a
    /// moment ago or too often, when the escalation is over, and when the agency may not know of it.
    pub async fn renew_link(
        &self,
        command: &Command,
        delivery: DeliveryId,
    ) -> Result<Change<DeliveryId>, StoreError> {
        let query = change_query::<RenewedRow>(RENEW, command)
            .bind(delivery.as_uuid())
            .bind(RENEWALS)
            .bind(f64::from(RENEW_EVERY_S));
        Ok(self.change(command, query).await?.map(|row| row.renewal_id.into()))
    }

    /// How the link that is the caller stands.
    pub async fn spent_link(&self, caller: &Caller) -> Result<Option<Spent>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, Spent>(SPENT)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.token_id.as_uuid())
            .bind(RENEWALS)
            .bind(f64::from(RENEW_EVERY_S))
            .fetch_optional(connection.postgres())
            .await;
        connection.settle(row)
    }

    /// The visit that the caller is on.
    pub async fn visit(&self, caller: &Caller) -> Result<Option<Visit>, StoreError> {
        let mut connection = self.bound(caller.centre_id).await?;
        let row = sqlx::query_as::<_, Visit>(VISIT)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.token_id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        connection.settle(row)
    }
}
