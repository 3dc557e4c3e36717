//! What the centre itself says of a service: who answers, its own rules, that it was verified.

use helpline_domain::id::{AgencyId, ServiceId};
use helpline_domain::service::rules::Rules;

use super::{Service, ServiceRow, service_columns};
use crate::change::{Change, Command, change, change_query};
use crate::sealing::SERVICE_RULES;
use crate::{Store, StoreError};

/// What an administrator decides of a service.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// Who answers referrals.
    pub agency_id: Option<AgencyId>,
    /// Whether nobody is referred to it until somebody says otherwise.
    pub suspended: bool,
    /// The centre's own rules.
    pub rules: Rules,
}

// The directory is locked before its services, as by an import.
const UPDATE: &str = change!(
    event: "service_updated", resource: "service_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('service', service_id, 'agency', agency_id, 'suspended', suspended)",
    with: "directory AS (
        INSERT INTO helpline.service_directories AS d (centre_id, revision)
        SELECT $1, 1 FROM helpline.services s
        WHERE s.centre_id = $1 AND s.service_id = $7 AND ($11::bigint = 0 OR s.revision = $11)
          AND ($8::uuid IS NULL OR EXISTS (
              SELECT FROM helpline.agencies a WHERE a.centre_id = $1 AND a.agency_id = $8 AND a.disabled_at IS NULL))
        ON CONFLICT (centre_id) DO UPDATE SET revision = d.revision + 1
        RETURNING d.revision AS directory),
    changed AS (
        UPDATE helpline.services SET agency_id = $8, rules_sealed = $9, protected = $12, suspended = $10, revision = revision + 1,
            directory_revision = directory.directory
        FROM directory
        WHERE centre_id = $1 AND service_id = $7 AND ($11 = 0 OR revision = $11)
        RETURNING services.*)";
    returning: service_columns!(),
);

const VERIFY: &str = change!(
    event: "service_verified", resource: "service_id", about: ("NULL::uuid", "NULL::uuid", "NULL::uuid"),
    detail: "jsonb_build_object('service', service_id)",
    with: "directory AS (
        INSERT INTO helpline.service_directories AS d (centre_id, revision)
        SELECT $1, 1 FROM helpline.services s
        WHERE s.centre_id = $1 AND s.service_id = $7 AND ($8::bigint = 0 OR s.revision = $8)
        ON CONFLICT (centre_id) DO UPDATE SET revision = d.revision + 1
        RETURNING d.revision AS directory),
    changed AS (
        UPDATE helpline.services SET verified_at = helpline.now(), verified_by = $2, revision = revision + 1,
            directory_revision = directory.directory
        FROM directory
        WHERE centre_id = $1 AND service_id = $7 AND ($8 = 0 OR revision = $8)
        RETURNING services.*)";
    returning: service_columns!(),
);

impl Store {
    /// Replaces what an administrator decides of a service.
    pub async fn update_service(
        &self,
        command: &Command,
        id: ServiceId,
        keeping: &Keeping,
        expected_revision: i64,
    ) -> Result<Change<Service>, StoreError> {
        let rules = keeping.rules.record();
        let sealed = self.seal_record(SERVICE_RULES, command.centre(), id.as_uuid(), &rules);
        let query = change_query::<ServiceRow>(UPDATE, command)
            .bind(id.as_uuid())
            .bind(keeping.agency_id.map(|id| id.as_uuid()))
            .bind(sealed)
            .bind(keeping.suspended)
            .bind(expected_revision)
            .bind(keeping.rules.protected_address);
        self.change(command, query).await?.try_map(|row| self.opened(command.centre(), row))
    }

    /// Writes down that somebody made sure of a service.
    pub async fn verify_service(
        &self,
        command: &Command,
        id: ServiceId,
        expected_revision: i64,
    ) -> Result<Change<Service>, StoreError> {
        let query = change_query::<ServiceRow>(VERIFY, command).bind(id.as_uuid()).bind(expected_revision);
        self.change(command, query).await?.try_map(|row| self.opened(command.centre(), row))
    }
}
