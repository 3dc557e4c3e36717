//! Endpoints of agencies: where they are told, and by what they know that it is us.

use chrono::{DateTime, Utc};
use helpline_domain::delivery::{DisabledReason, EndpointKind, SignatureScheme};
use helpline_domain::id::{AgencyId, CentreId, EndpointId};
use helpline_vault::{Sensitive, SigningKey};
use sqlx::FromRow;
use uuid::Uuid;

use crate::change::{Change, Command, change, change_query};
use crate::sealing::{ENDPOINT, SECRET};
use crate::{Store, StoreError};

/// An endpoint as the centre knows it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct Endpoint {
    pub endpoint_id: EndpointId,
    pub agency_id: AgencyId,
    pub kind: EndpointKind,
    pub address: Sensitive<String>,
    pub signature: Option<SignatureScheme>,
    pub old_secret_until: Option<DateTime<Utc>>,
    pub disabled: Option<DisabledReason>,
    pub created_at: DateTime<Utc>,
    pub revision: i64,
}

/// An endpoint about to be created.
#[derive(Debug)]
pub struct NewEndpoint {
    /// Its id.
    pub endpoint_id: EndpointId,
    /// Whose.
    pub agency_id: AgencyId,
    /// What it is.
    pub kind: EndpointKind,
    /// URL, address or number.
    pub address: Sensitive<String>,
    /// How it is signed, and with what; exactly for webhooks.
    pub signature: Option<(SignatureScheme, SigningKey)>,
}

#[derive(FromRow)]
struct EndpointRow {
    endpoint_id: Uuid,
    agency_id: Uuid,
    kind: String,
    address_sealed: Vec<u8>,
    signature: Option<String>,
    old_secret_until: Option<DateTime<Utc>>,
    disabled_because: Option<String>,
    created_at: DateTime<Utc>,
    revision: i64,
}

/// The columns of [`EndpointRow`]. An old secret that has ended is not told of.
macro_rules! columns {
    () => {
        "endpoint_id, agency_id, kind, address_sealed, signature,
         CASE WHEN old_secret_until > helpline.now() THEN old_secret_until END AS old_secret_until,
         disabled_because, created_at, revision"
    };
}

const CREATE: &str = change!(
    event: "endpoint_created", resource: "endpoint_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('endpoint_id', endpoint_id, 'agency_id', agency_id, 'kind', kind)",
    with: "changed AS (
        INSERT INTO helpline.endpoints (centre_id, endpoint_id, agency_id, kind, address_sealed, signature, secret_sealed)
        SELECT $1, $7, $8, $9, $10, $11, $12
        FROM helpline.agencies a WHERE a.centre_id = $1 AND a.agency_id = $8 AND a.disabled_at IS NULL
        RETURNING *)";
    returning: columns!(),
);

const ROTATE: &str = change!(
    event: "endpoint_secret_rotated", resource: "endpoint_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('endpoint_id', endpoint_id, 'agency_id', agency_id)",
    with: "changed AS (
        UPDATE helpline.endpoints n SET old_secret_sealed = n.secret_sealed,
            old_secret_until = helpline.now() + make_interval(secs => $9), secret_sealed = $8, revision = n.revision + 1
        WHERE n.centre_id = $1 AND n.endpoint_id = $7 AND n.signature = $10
        RETURNING n.*)";
    returning: columns!(),
);

const DISABLE: &str = change!(
    event: "endpoint_disabled", resource: "endpoint_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('endpoint_id', endpoint_id, 'agency_id', agency_id, 'because', disabled_because)",
    with: "changed AS (
        UPDATE helpline.endpoints n SET disabled_at = coalesce(n.disabled_at, helpline.now()),
            disabled_because = coalesce(n.disabled_because, 'by_hand'), revision = n.revision + 1
        WHERE n.centre_id = $1 AND n.endpoint_id = $7
        RETURNING n.*)";
    returning: columns!(),
);

const ENABLE: &str = change!(
    event: "endpoint_enabled", resource: "endpoint_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('endpoint_id', endpoint_id, 'agency_id', agency_id)",
    with: "changed AS (
        UPDATE helpline.endpoints n SET disabled_at = NULL, disabled_because = NULL, throttled_until = NULL,
            revision = n.revision + 1
        WHERE n.centre_id = $1 AND n.endpoint_id = $7
        RETURNING n.*)";
    returning: columns!(),
);

impl Store {
    fn endpoint_of(&self, centre: CentreId, row: EndpointRow) -> Result<Endpoint, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "endpoints", column };
        let signature = row.signature.map(|key| SignatureScheme::from_key(&key).ok_or(wrong("signature")));
        let disabled =
            row.disabled_because.map(|key| DisabledReason::from_key(&key).ok_or(wrong("disabled_because")));
        Ok(Endpoint {
            endpoint_id: row.endpoint_id.into(),
            agency_id: row.agency_id.into(),
            kind: EndpointKind::from_key(&row.kind).ok_or(wrong("kind"))?,
            address: self.open(ENDPOINT, centre, row.endpoint_id, &row.address_sealed)?,
            signature: signature.transpose()?,
            old_secret_until: row.old_secret_until,
            disabled: disabled.transpose()?,
            created_at: row.created_at,
            revision: row.revision,
        })
    }

    /// Creates an endpoint. Refused when its agency is not of the centre, or disabled.
    pub async fn create_endpoint(
        &self,
        command: &Command,
        new: &NewEndpoint,
    ) -> Result<Change<Endpoint>, StoreError> {
        let (centre, row) = (command.centre(), new.endpoint_id.as_uuid());
        let secret = new.signature.as_ref().map(|(_, key)| self.seal(SECRET, centre, row, &key.text()));
        let query = change_query::<EndpointRow>(CREATE, command)
            .bind(row)
            .bind(new.agency_id.as_uuid())
            .bind(new.kind.key())
            .bind(self.seal(ENDPOINT, centre, row, new.address.expose()))
            .bind(new.signature.as_ref().map(|(scheme, _)| scheme.key()))
            .bind(secret);
        self.change(command, query).await?.try_map(|row| self.endpoint_of(centre, row))
    }

    /// Gives an endpoint that is signed by `scheme` a new secret; the old one signs for `overlap_s` more. Refused for others.
    pub async fn rotate_secret(
        &self,
        command: &Command,
        endpoint: EndpointId,
        (scheme, key): (SignatureScheme, &SigningKey),
        overlap_s: u32,
    ) -> Result<Change<Endpoint>, StoreError> {
        let (centre, row) = (command.centre(), endpoint.as_uuid());
        let query = change_query::<EndpointRow>(ROTATE, command)
            .bind(row)
            .bind(self.seal(SECRET, centre, row, &key.text()))
            .bind(f64::from(overlap_s))
            .bind(scheme.key());
        self.change(command, query).await?.try_map(|row| self.endpoint_of(centre, row))
    }

    /// Disables an endpoint; disabling twice changes nothing more.
    pub async fn disable_endpoint(
        &self,
        command: &Command,
        endpoint: EndpointId,
    ) -> Result<Change<Endpoint>, StoreError> {
        self.switch_endpoint(DISABLE, command, endpoint).await
    }

    /// Uses an endpoint again; enabling twice changes nothing more.
    pub async fn enable_endpoint(
        &self,
        command: &Command,
        endpoint: EndpointId,
    ) -> Result<Change<Endpoint>, StoreError> {
        self.switch_endpoint(ENABLE, command, endpoint).await
    }

    async fn switch_endpoint(
        &self,
        sql: &'static str,
        command: &Command,
        endpoint: EndpointId,
    ) -> Result<Change<Endpoint>, StoreError> {
        let query = change_query::<EndpointRow>(sql, command).bind(endpoint.as_uuid());
        self.change(command, query).await?.try_map(|row| self.endpoint_of(command.centre(), row))
    }

    /// One endpoint.
    pub async fn endpoint(
        &self,
        centre: CentreId,
        endpoint: EndpointId,
    ) -> Result<Option<Endpoint>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let row = sqlx::query_as::<_, EndpointRow>(concat!(
            "SELECT ",
            columns!(),
            " FROM helpline.endpoints WHERE centre_id = $1 AND endpoint_id = $2"
        ))
        .bind(centre.as_uuid())
        .bind(endpoint.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(row)?.map(|row| self.endpoint_of(centre, row)).transpose()
    }

    /// A page of the endpoints of an agency by time of creation: those behind `after`; `None` when the centre has no such
    /// agency.
    pub async fn endpoints(
        &self,
        centre: CentreId,
        agency: AgencyId,
        after: Option<EndpointId>,
        size: u32,
    ) -> Result<Option<Vec<Endpoint>>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let known = sqlx::query_scalar::<_, bool>(
            "SELECT EXISTS (SELECT FROM helpline.agencies WHERE centre_id = $1 AND agency_id = $2)",
        )
        .bind(centre.as_uuid())
        .bind(agency.as_uuid())
        .fetch_one(connection.postgres())
        .await;
        if !connection.settle(known)? {
            return Ok(None);
        }
        let rows = sqlx::query_as::<_, EndpointRow>(concat!(
            "SELECT ", columns!(), " FROM helpline.endpoints
             WHERE centre_id = $1 AND agency_id = $2 AND ($3::uuid IS NULL OR endpoint_id > $3) ORDER BY endpoint_id LIMIT $4"
        ))
        .bind(centre.as_uuid())
        .bind(agency.as_uuid())
        .bind(after.map(|id| id.as_uuid()))
        .bind(i64::from(size))
        .fetch_all(connection.postgres())
        .await;
        let rows = connection.settle(rows)?;
        rows.into_iter().map(|row| self.endpoint_of(centre, row)).collect::<Result<_, _>>().map(Some)
    }

    /// Whether an agency is disabled; `None` when the centre has no such agency.
    pub async fn agency_is_disabled(
        &self,
        centre: CentreId,
        agency: AgencyId,
    ) -> Result<Option<bool>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let disabled = sqlx::query_scalar::<_, bool>(
            "SELECT disabled_at IS NOT NULL FROM helpline.agencies WHERE centre_id = $1 AND agency_id = $2",
        )
        .bind(centre.as_uuid())
        .bind(agency.as_uuid())
        .fetch_optional(connection.postgres())
        .await;
        connection.settle(disabled)
    }
}
