//! Links by which somebody of an agency comes to one escalation or one referral: sent by e-mail, opened once, good for a while.
//!
//! Only keyed hashes of their tokens are known here. What opens or renews one asks each time whether the agency may still
//! know of what it leads to.

use chrono::{DateTime, Utc};
use helpline_domain::caller::{Caller, Role, Subject};
use helpline_domain::id::{CentreId, DeliveryId, LinkId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::delivery::sending::Outgoing;
use crate::disclosure::not_feared;
use crate::escalation::sees;
use crate::referral::sees_referral;
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
    pub subject: Subject,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// Who visits, and what.
#[derive(Clone, Debug)]
pub struct Visit {
    /// What is visited, and until when.
    pub opened: Opened,
    /// The agency.
    pub agency_id: Uuid,
    /// Name of the agency.
    pub agency: String,
    /// Name of the centre.
    pub centre: String,
    /// Names of the agency's services that a referral asks or has.
    pub services: Vec<String>,
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
    /// Whether the agency may still know of what it leads to.
    pub seen: bool,
    /// Where the escalation stands; of a referral no more than whether it is `over`.
    pub state: String,
    /// Whether nothing of it is left for the agency to answer.
    pub ended: bool,
}

#[derive(FromRow)]
struct OpenedRow {
    escalation_id: Option<Uuid>,
    referral_id: Option<Uuid>,
    visit_until: DateTime<Utc>,
}

impl OpenedRow {
    fn opened(self) -> Result<Opened, StoreError> {
        Ok(Opened { subject: subject(self.escalation_id, self.referral_id)?, until: self.visit_until })
    }
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
    escalation_id: Option<Uuid>,
    referral_id: Option<Uuid>,
    is_visit: bool,
}

#[derive(FromRow)]
struct VisitRow {
    #[sqlx(flatten)]
    opened: OpenedRow,
    agency_id: Uuid,
    agency: String,
    centre: String,
    services: Vec<String>,
    now: DateTime<Utc>,
}

fn subject(escalation_id: Option<Uuid>, referral_id: Option<Uuid>) -> Result<Subject, StoreError> {
    let none = StoreError::Inconsistent { table: "links", column: "referral_id" };
    Subject::of(escalation_id, referral_id).ok_or(none)
}

/// Nothing is made for a delivery that somebody else has taken meanwhile.
const MAKE: &str = "
    WITH made AS (
        INSERT INTO helpline.links (centre_id, link_id, escalation_id, referral_id, agency_id, endpoint_id, delivery_id, token_hash, made_at,
            expires_at)
        SELECT $1, $4, d.escalation_id, d.referral_id, d.agency_id, d.endpoint_id, d.delivery_id, $5, helpline.now(),
            helpline.now() + make_interval(secs => $6)
        FROM helpline.deliveries d
        WHERE d.centre_id = $1 AND d.delivery_id = $2 AND d.revision = $3 AND d.state = 'pending'
          AND num_nonnulls(d.escalation_id, d.referral_id) = 1
        RETURNING *),
    journalled AS (
        INSERT INTO helpline.journal (centre_id, at, event, revision, detail)
        SELECT $1, helpline.now(), 'link_made', revision, jsonb_strip_nulls(jsonb_build_object(
            'link_id', link_id, 'escalation_id', escalation_id, 'referral_id', referral_id, 'delivery_id', delivery_id))
        FROM made)
    SELECT link_id FROM made";

/// Whether a referral `r` is the agency's of a link `o` to answer, or to end.
macro_rules! asked {
    () => {
        "r.ended_at IS NULL AND EXISTS (
            SELECT FROM helpline.referral_choices c
            WHERE c.centre_id = $1 AND c.referral_id = r.referral_id AND c.agency_id = o.agency_id AND c.state IN ('offered', 'accepted'))"
    };
}

/// What the link leads to that is the caller, locked first, if its agency may know of it.
macro_rules! theirs {
    ($of_escalation:expr, $of_referral:expr) => {
        concat!(
            "escalation AS MATERIALIZED (
                SELECT e.escalation_id AS id, o.delivery_id AS mail_id FROM helpline.links o
                JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = o.escalation_id
                WHERE o.centre_id = $1 AND o.link_id = $2 AND ",
            $of_escalation,
            " AND ",
            sees!("o.link_id", "'agency_responder'", "o.agency_id"),
            "
                FOR UPDATE OF e),
            referral AS MATERIALIZED (
                SELECT r.referral_id AS id, o.delivery_id AS mail_id FROM helpline.links o
                JOIN helpline.referrals r ON r.centre_id = $1 AND r.referral_id = o.referral_id
                WHERE o.centre_id = $1 AND o.link_id = $2 AND ",
            $of_referral,
            " AND ",
            sees_referral!("o.link_id", "'agency_responder'", "o.agency_id"),
            "
                FOR UPDATE OF r),
            before AS MATERIALIZED (SELECT * FROM escalation UNION ALL SELECT * FROM referral),"
        )
    };
}

/// The entry of the timeline about the link in `done`, and `changed` with the contact that it is about.
macro_rules! noted {
    ($event:literal) => {
        concat!(
            "moved_escalation AS (
                UPDATE helpline.escalations e SET event_count = e.event_count + 1, changed_at = helpline.now(), revision = e.revision + 1
                FROM done WHERE e.centre_id = $1 AND e.escalation_id = done.escalation_id
                RETURNING e.event_count, e.contact_id),
            moved_referral AS (
                UPDATE helpline.referrals r SET event_count = r.event_count + 1, changed_at = helpline.now(), revision = r.revision + 1
                FROM done WHERE r.centre_id = $1 AND r.referral_id = done.referral_id
                RETURNING r.event_count, r.contact_id),
            moved AS (SELECT * FROM moved_escalation UNION ALL SELECT * FROM moved_referral),
            noted_of_escalation AS (
                INSERT INTO helpline.escalation_events (centre_id, escalation_id, sequence, at, event, actor_id, actor_role, agency_id, delivery_id)
                SELECT $1, escalation_id, event_count, helpline.now(), '", $event, "', $2, $3, agency_id, delivery_id
                FROM done CROSS JOIN moved WHERE escalation_id IS NOT NULL),
            noted_of_referral AS (
                INSERT INTO helpline.referral_events (centre_id, referral_id, sequence, at, event, actor_id, actor_role, agency_id)
                SELECT $1, referral_id, event_count, helpline.now(), '", $event, "', $2, $3, agency_id
                FROM done CROSS JOIN moved WHERE referral_id IS NOT NULL),
            changed AS (SELECT done.*, contact_id FROM done CROSS JOIN moved)"
        )
    };
}

/// Whoever opens one of an e-mail's links spends them all; they are locked in the order of their ids.
const OPEN: &str = change!(
    event: "link_opened", resource: "link_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_strip_nulls(jsonb_build_object('link_id', link_id, 'escalation_id', escalation_id, 'referral_id', referral_id,
        'agency_id', agency_id, 'delivery_id', delivery_id))",
    with: theirs!("true", "true"), "
    same AS MATERIALIZED (
        SELECT l.link_id, l.used_at, l.expires_at FROM helpline.links l JOIN before ON l.delivery_id = before.mail_id
        WHERE l.centre_id = $1 ORDER BY l.link_id FOR UPDATE OF l),
    spent AS (
        UPDATE helpline.links l SET used_at = helpline.now(), revision = l.revision + 1,
            visit_hash = CASE WHEN l.link_id = $2 THEN $7::bytea END,
            visit_until = CASE WHEN l.link_id = $2 THEN helpline.now() + make_interval(secs => $8) END
        FROM same WHERE l.centre_id = $1 AND l.link_id = same.link_id AND NOT EXISTS (SELECT FROM same WHERE used_at IS NOT NULL)
          AND EXISTS (SELECT FROM same WHERE link_id = $2 AND expires_at > helpline.now())
        RETURNING l.*),
    done AS (SELECT * FROM spent WHERE link_id = $2),", noted!("link_opened");
    returning: "escalation_id, referral_id, visit_until",
);

const RENEW: &str = change!(
    event: "link_renewed", resource: "renewal_id", about: ("contact_id", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_strip_nulls(jsonb_build_object('link_id', link_id, 'escalation_id', escalation_id, 'referral_id', referral_id,
        'agency_id', agency_id, 'delivery_id', renewal_id))",
    with: theirs!("e.ended_at IS NULL", asked!()), "
    asking AS MATERIALIZED (
        SELECT l.link_id AS id FROM helpline.links l CROSS JOIN before
        WHERE l.centre_id = $1 AND l.link_id = $2 AND l.renewals < $8
          AND (l.renewed_at IS NULL OR l.renewed_at <= helpline.now() - make_interval(secs => $9))
        FOR UPDATE OF l),
    done AS (
        UPDATE helpline.links l SET renewed_at = helpline.now(), renewals = l.renewals + 1, revision = l.revision + 1
        FROM asking WHERE l.centre_id = $1 AND l.link_id = asking.id
        RETURNING l.*, $7::uuid AS renewal_id),
    mail AS (
        INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, referral_id, event, kind, agency_id, endpoint_id, state,
            next_attempt_at, made_at)
        SELECT $1, renewal_id, escalation_id, referral_id,
            CASE WHEN referral_id IS NULL THEN 'escalation.link_renewed' ELSE 'referral.link_renewed' END, 'email', agency_id, endpoint_id,
            'pending', helpline.now(), helpline.now()
        FROM done),", noted!("link_renewed");
    returning: "renewal_id",
);

const SPENT: &str = concat!(
    "SELECT EXISTS (SELECT FROM helpline.links s WHERE s.centre_id = $1 AND s.delivery_id = o.delivery_id AND s.used_at IS NOT NULL) AS used,
        o.expires_at <= helpline.now() AS expired, o.renewals >= $3 AS worn,
        coalesce(extract(epoch FROM o.renewed_at + make_interval(secs => $4) - helpline.now()), 0)::float8 AS wait_s,
        coalesce(e.state, 'over') AS state, CASE WHEN e.escalation_id IS NULL THEN NOT (",
    asked!(),
    ") ELSE e.ended_at IS NOT NULL END AS ended, coalesce(CASE WHEN e.escalation_id IS NULL THEN ",
    sees_referral!("o.link_id", "'agency_responder'", "o.agency_id"),
    " ELSE ",
    sees!("o.link_id", "'agency_responder'", "o.agency_id"),
    " END, false) AS seen
     FROM helpline.links o
     LEFT JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = o.escalation_id
     LEFT JOIN helpline.referrals r ON r.centre_id = $1 AND r.referral_id = o.referral_id
     WHERE o.centre_id = $1 AND o.link_id = $2"
);

const VISIT: &str = concat!(
    "SELECT l.escalation_id, l.referral_id, l.agency_id, a.display_name AS agency, c.name AS centre, l.visit_until, helpline.now() AS now,
        ARRAY(
            SELECT s.fields ->> 'name' FROM helpline.referral_choices x JOIN helpline.services s ON s.centre_id = $1 AND s.service_id = x.service_id
            WHERE x.centre_id = $1 AND x.referral_id = l.referral_id AND x.agency_id = l.agency_id AND x.state IN ('offered', 'accepted')
              AND ",
    not_feared!("l.agency_id", "NULL", "l.referral_id", "NULL"),
    " ORDER BY x.position) AS services
    FROM helpline.links l
    JOIN helpline.agencies a ON a.centre_id = $1 AND a.agency_id = l.agency_id
    JOIN helpline.centres c ON c.centre_id = $1
    WHERE l.centre_id = $1 AND l.link_id = $2 AND l.visit_until IS NOT NULL"
);

impl Store {
    /// What is stored of a token: nobody with a copy of the table can tell whether a token was ever good. The context of the
    /// hash is the name that the table had, so that links from then stay good.
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
            "SELECT link_id, centre_id, agency_id, escalation_id, referral_id, is_visit FROM helpline.authenticate_link($1)",
        )
        .bind(self.link_hash(hash))
        .fetch_optional(connection.postgres())
        .await;
        let Some(row) = connection.settle(row)? else { return Ok(None) };
        Ok(Some(Caller {
            token_id: row.link_id.into(),
            centre_id: row.centre_id.into(),
            role: if row.is_visit { Role::AgencyResponder } else { Role::AgencyLink },
            counsellor_id: None,
            agency_id: Some(row.agency_id.into()),
            only: Some(subject(row.escalation_id, row.referral_id)?),
        }))
    }

    /// Exchanges the link that is the caller for a token with this SHA-256, good for so many seconds. Refused when it, or
    /// another of the same e-mail, was used, when its time is over, and when the agency may not know of what it leads to.
    pub async fn open_link(
        &self,
        command: &Command,
        hash: &[u8; 32],
        lifetime_s: u32,
    ) -> Result<Change<Opened>, StoreError> {
        let query =
            change_query::<OpenedRow>(OPEN, command).bind(self.link_hash(hash)).bind(f64::from(lifetime_s));
        self.change(command, query).await?.try_map(OpenedRow::opened)
    }

    /// Puts an e-mail with a new link on its way to where the link went that is the caller. Refused when that was done a
    /// moment ago or too often, when nothing is left for the agency to answer, and when it may not know of it.
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
        let row = sqlx::query_as::<_, VisitRow>(VISIT)
            .bind(caller.centre_id.as_uuid())
            .bind(caller.token_id.as_uuid())
            .fetch_optional(connection.postgres())
            .await;
        let Some(row) = connection.settle(row)? else { return Ok(None) };
        Ok(Some(Visit {
            opened: row.opened.opened()?,
            agency_id: row.agency_id,
            agency: row.agency,
            centre: row.centre,
            services: row.services,
            now: row.now,
        }))
    }
}
