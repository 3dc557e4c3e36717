//! An agency with endpoints, escalations and what is due to be told.

use std::sync::Arc;

use helpline_proto::channels::v1::{
    CreateEndpointRequest, Delivery, EndpointKind, ListDeliveriesRequest, SignatureScheme,
};
use helpline_store::{PoolOptions, Store};
pub(crate) use helpline_tests::until;
use helpline_tests::{Actor, World, WorldOptions, request_id};
use helpline_vault::{SystemRandom, Vault};

/// A helpline with an agency.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) agency: String,
    pub(crate) supervisor: Actor,
}

/// An escalation as a test makes it.
#[derive(Clone, Copy)]
pub(crate) struct Danger {
    pub(crate) risk: i16,
    pub(crate) exercise: bool,
}

pub(crate) const NOW: Danger = Danger { risk: 5, exercise: false };

impl Scene {
    /// Servers that may tell this machine.
    pub(crate) async fn set() -> Self {
        Self::set_with("[channels]\nprivate_targets = true\n").await
    }

    pub(crate) async fn set_with(config: &str) -> Self {
        let config = format!("[timing]\npresence_ttl_s = 300\n{config}");
        let world = World::start_with(WorldOptions { config, ..WorldOptions::default() }).await;
        let agency = world.agency().await.to_string();
        let supervisor = world.supervisor().await;
        Self { world, agency, supervisor }
    }

    /// Stops the servers, so that nobody else sends; a store to send with.
    pub(crate) async fn store_alone(&mut self) -> Store {
        let config = self.world.config().clone();
        for server in self.world.servers.drain(..) {
            assert!(server.shutdown().await);
        }
        let url = config.database.url.expose().to_owned();
        let vault = Vault::new(config.keys.ring().unwrap(), Arc::new(SystemRandom));
        Store::new(&PoolOptions { url, size: 4, wait: config.database.wait() }, vault).unwrap()
    }

    /// What the first column of the rows says.
    pub(crate) fn sql(&self, sql: &str) -> Vec<String> {
        let rows = self.world.database.query(sql).unwrap();
        rows.into_iter().map(|row| row.into_iter().next().flatten().unwrap_or_default()).collect()
    }

    pub(crate) fn one(&self, sql: &str) -> String {
        self.sql(sql).into_iter().next().unwrap()
    }

    /// A request for a webhook.
    pub(crate) fn webhook(&self, url: &str, signature: SignatureScheme) -> CreateEndpointRequest {
        CreateEndpointRequest {
            request_id: request_id(),
            agency_id: self.agency.clone(),
            kind: EndpointKind::Webhook.into(),
            address: url.to_owned(),
            signature: signature.into(),
        }
    }

    /// A new endpoint: its id and its secret.
    pub(crate) async fn endpoint(&self, request: CreateEndpointRequest) -> (String, String) {
        let answer = self.world.administrator().endpoints().create_endpoint(request).await.unwrap();
        let answer = answer.into_inner();
        (answer.endpoint.unwrap().endpoint_id, answer.secret)
    }

    /// A new webhook that is signed with a shared secret.
    pub(crate) async fn hook(&self, url: &str) -> String {
        self.endpoint(self.webhook(url, SignatureScheme::V1)).await.0
    }

    /// A number.
    pub(crate) async fn number(&self) -> String {
        let sms = CreateEndpointRequest {
            request_id: request_id(),
            agency_id: self.agency.clone(),
            kind: EndpointKind::Sms.into(),
            address: "+97440000000".to_owned(),
            signature: 0,
        };
        self.endpoint(sms).await.0
    }

    /// An escalation whose first step was taken, and whose next is an hour away.
    pub(crate) fn escalation(&self, danger: Danger) -> String {
        let Danger { risk, exercise } = danger;
        let centre = self.world.centre.id;
        let kind =
            if risk >= 3 { "emergency', NULL" } else { "mandatory_report', '{\"deadline_s\": 4000000000}'" };
        self.one(&format!(
            "INSERT INTO helpline.escalations (centre_id, escalation_id, kind, report, risk, danger, exercise, plan_version, policy,
                 state, rung, due_at, reach_due_at, owner_id, raised_by, raised_at, changed_at, region)
             SELECT '{centre}', gen_random_uuid(), '{kind}, {risk}, 'violence', {exercise}, 1, 'usual', 'notifying', 1,
                 helpline.now() + interval '1 hour', helpline.now() + interval '2 hours', id, id, helpline.now(), helpline.now(),
                 'marker_region'
             FROM gen_random_uuid() id RETURNING escalation_id"
        ))
    }

    /// Something due to be told of an escalation, of its first step; its id.
    pub(crate) fn due(&self, escalation: &str, endpoint: &str) -> String {
        self.due_all(escalation, &[endpoint]).remove(0)
    }

    /// The same to several, in one statement.
    pub(crate) fn due_all(&self, escalation: &str, endpoints: &[&str]) -> Vec<String> {
        let centre = self.world.centre.id;
        let list = endpoints.join("','");
        self.sql(&format!(
            "INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, rung, event, kind, agency_id, endpoint_id, state,
                 next_attempt_at, made_at)
             SELECT '{centre}', gen_random_uuid(), '{escalation}', 1, 'escalation.notified', n.kind, n.agency_id, n.endpoint_id,
                 'pending', helpline.now(), helpline.now()
             FROM helpline.endpoints n WHERE n.endpoint_id IN ('{list}') RETURNING delivery_id"
        ))
    }

    /// The deliveries of an escalation, as a supervisor sees them.
    pub(crate) async fn deliveries(&self, escalation: &str) -> Vec<Delivery> {
        let request = ListDeliveriesRequest {
            escalation_id: escalation.to_owned(),
            ..ListDeliveriesRequest::default()
        };
        self.supervisor.deliveries().list_deliveries(request).await.unwrap().into_inner().deliveries
    }

    /// A delivery once it has been tried so often and nobody is at it.
    pub(crate) async fn tried(&self, escalation: &str, delivery: &str, times: i32) -> Delivery {
        until(&format!("{times} tries"), async || {
            let settled = format!(
                "SELECT attempts = {times} AND claimed_until IS NULL FROM helpline.deliveries WHERE delivery_id = '{delivery}'"
            );
            if self.one(&settled) != "t" {
                return None;
            }
            let found = self.deliveries(escalation).await;
            found.into_iter().find(|one| one.delivery_id == delivery)
        })
        .await
    }

    /// What stands on the timeline of an escalation; what the ladder does next, at some moment after that, left out.
    pub(crate) fn timeline(&self, escalation: &str) -> Vec<String> {
        self.sql(&format!(
            "SELECT event FROM helpline.escalation_events WHERE escalation_id = '{escalation}' AND event <> 'fallback_rung'
             ORDER BY sequence"
        ))
    }
}
