//! Links of agencies, as an e-mail would carry them, and visits.

use std::sync::Arc;

use helpline_domain::caller::Role;
use helpline_domain::id::AgencyId;
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, OpenLinkRequest};
use helpline_vault::{BearerToken, SystemRandom, Vault};

use crate::world::{Centre, World};
use crate::{Actor, request_id};

/// Somebody who shows a link.
#[derive(Clone, Debug)]
pub struct Linked {
    /// Who shows it: their token is the link.
    pub actor: Actor,
    /// The escalation it leads to.
    pub escalation_id: String,
    /// The endpoint that its e-mail went to.
    pub endpoint_id: String,
    /// That e-mail.
    pub delivery_id: String,
}

impl World {
    /// A link of an agency to a new escalation that it was told of by e-mail.
    pub async fn link(&self, agency: AgencyId) -> Linked {
        self.link_in(&self.centre, agency).await
    }

    /// The same in any centre.
    pub async fn link_in(&self, centre: &Centre, agency: AgencyId) -> Linked {
        let escalation_id = self.bearer(centre.id, Role::Supervisor, None).await.raises().await;
        let (delivery_id, id) = (request_id(), centre.id);
        let mailbox = CreateEndpointRequest {
            request_id: request_id(),
            agency_id: agency.to_string(),
            kind: EndpointKind::Email.into(),
            address: "duty@agency.example".to_owned(),
            ..CreateEndpointRequest::default()
        };
        let created = centre.administrator.endpoints().create_endpoint(mailbox).await.expect("an endpoint");
        let endpoint_id = created.into_inner().endpoint.expect("the endpoint").endpoint_id;
        let delivery = format!(
            "INSERT INTO helpline.deliveries (centre_id, delivery_id, escalation_id, event, kind, agency_id, endpoint_id, state, made_at,
                 delivered_at, ended_at)
             VALUES ('{id}', '{delivery_id}', '{escalation_id}', 'escalation.notified', 'email', '{agency}', '{endpoint_id}', 'delivered',
                 helpline.now(), helpline.now(), helpline.now())"
        );
        self.database.query(&delivery).expect("a delivery");
        let ids = format!(
            "SELECT '{id}'::uuid, $link, '{escalation_id}'::uuid, '{agency}'::uuid, '{endpoint_id}'::uuid, '{delivery_id}'::uuid"
        );
        let actor = self.actor_of_link(&ids).await;
        Linked { actor, escalation_id, endpoint_id, delivery_id }
    }

    /// Another link that the same e-mail carried, when it was sent again.
    pub async fn link_again(&self, linked: &Linked) -> Linked {
        let (delivery, centre) = (linked.delivery_id.clone(), self.centre.id);
        let ids = format!(
            "SELECT d.centre_id, $link, d.escalation_id, d.agency_id, d.endpoint_id, d.delivery_id
             FROM helpline.deliveries d WHERE d.centre_id = '{centre}' AND d.delivery_id = '{delivery}'"
        );
        Linked { actor: self.actor_of_link(&ids).await, ..linked.clone() }
    }

    /// Writes a link with the ids that a query gives; who shows it.
    async fn actor_of_link(&self, ids: &str) -> Actor {
        let (secret, link) = (BearerToken::generate(&SystemRandom), request_id());
        let vault = Vault::new(self.config().keys.ring().expect("the keys"), Arc::new(SystemRandom));
        let hash = vault.command_digest(&[b"escalation_links", &secret.hash()]);
        let hash = hash.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let ids = ids.replace("$link", &format!("'{link}'::uuid"));
        let sql = format!(
            "WITH ids AS ({ids})
             INSERT INTO helpline.escalation_links (centre_id, link_id, escalation_id, agency_id, endpoint_id, delivery_id, token_hash,
                 made_at, expires_at)
             SELECT ids.*, '\\x{hash}'::bytea, helpline.now(), helpline.now() + interval '1 day' FROM ids"
        );
        self.database.query(&sql).expect("a link");
        Actor::new(self.connect().await, secret.expose(), &link, "")
    }
}

impl Linked {
    /// Opens the link; who visits then.
    pub async fn opened(&self) -> Actor {
        let request = OpenLinkRequest { request_id: request_id() };
        let opened = self.actor.links().open_link(request).await.expect("a visit").into_inner();
        self.actor.with(&opened.secret)
    }
}
