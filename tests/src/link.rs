//! Links of agencies, as an e-mail would carry them, and visits.

use std::sync::Arc;

use helpline_domain::caller::Role;
use helpline_domain::id::AgencyId;
use helpline_proto::casework::v1::{AddTaskRequest, Task};
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, OpenLinkRequest};
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::referral::v1::{DraftReferralRequest, Referral};
use helpline_proto::terms::v1::Channel;
use helpline_vault::{BearerToken, SystemRandom, Vault};

use crate::casework::visit;
use crate::referral::draft;
use crate::world::{Centre, World};
use crate::{Actor, request_id};

/// Somebody who shows a link.
#[derive(Clone, Debug)]
pub struct Linked {
    /// Who shows it: their token is the link.
    pub actor: Actor,
    /// The escalation it leads to, if it is one.
    pub escalation_id: String,
    /// The referral it leads to, if it is one.
    pub referral_id: String,
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
        let linked = self.mailed(centre, agency, ("escalation", &escalation_id)).await;
        Linked { escalation_id, ..linked }
    }

    /// A link of an agency to a new referral that it was told of by e-mail: everything is granted and agreed to.
    pub async fn link_to_referral(&self, agency: AgencyId) -> Linked {
        let contact = ReceiveContactRequest {
            request_id: request_id(),
            channel: Channel::WebChat.into(),
            ..ReceiveContactRequest::default()
        };
        let received = self.adapter().await.contacts().receive_contact(contact).await.expect("a contact");
        let contact_id = received.into_inner().contact.expect("the contact").contact_id;
        let service = self.service(agency).await;
        let referral = self.supervisor().await.refer(draft(&contact_id, &[&service])).await;
        self.link_of(agency, &referral).await
    }

    /// A link of an agency to a new referral about the child of a case, which it has taken on, and the task that it was given under it.
    pub async fn link_to_task(&self, agency: AgencyId) -> (Linked, Task) {
        let by = self.supervisor().await;
        let (case, service) = (by.case_of_child().await, self.service(agency).await);
        let of_case = DraftReferralRequest { case_id: case.case_id.clone(), ..draft("", &[&service]) };
        let referral = by.refer(of_case).await;
        self.responder(agency).await.accept_referral(&referral).await.expect("it is taken on");
        let referral_id = referral.referral_id.clone();
        let give = AddTaskRequest { referral_id, ..visit(&case.case_id, self.soon()) };
        let task = by.add_task(give).await.expect("a task");
        (self.link_of(agency, &referral).await, task)
    }

    /// A link of an agency to a referral that asks it.
    pub async fn link_of(&self, agency: AgencyId, referral: &Referral) -> Linked {
        let linked = self.mailed(&self.centre, agency, ("referral", &referral.referral_id)).await;
        Linked { referral_id: referral.referral_id.clone(), ..linked }
    }

    /// A link in an e-mail about something, to a new mailbox.
    async fn mailed(&self, centre: &Centre, agency: AgencyId, (kind, subject): (&str, &str)) -> Linked {
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
            "INSERT INTO helpline.deliveries (centre_id, delivery_id, {kind}_id, event, kind, agency_id, endpoint_id, state, made_at,
                 delivered_at, ended_at)
             VALUES ('{id}', '{delivery_id}', '{subject}', '{kind}.notified', 'email', '{agency}', '{endpoint_id}', 'delivered',
                 helpline.now(), helpline.now(), helpline.now())"
        );
        self.database.query(&delivery).expect("a delivery");
        let actor = self.actor_of_link(centre, &delivery_id).await;
        Linked { actor, escalation_id: String::new(), referral_id: String::new(), endpoint_id, delivery_id }
    }

    /// Another link that the same e-mail carried, when it was sent again.
    pub async fn link_again(&self, linked: &Linked) -> Linked {
        Linked { actor: self.actor_of_link(&self.centre, &linked.delivery_id).await, ..linked.clone() }
    }

    /// Writes a link that an e-mail carries; who shows it.
    async fn actor_of_link(&self, centre: &Centre, delivery: &str) -> Actor {
        let (secret, link) = (BearerToken::generate(&SystemRandom), request_id());
        let vault = Vault::new(self.config().keys.ring().expect("the keys"), Arc::new(SystemRandom));
        let hash = vault.command_digest(&[b"escalation_links", &secret.hash()]);
        let hash = hash.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let sql = format!(
            "INSERT INTO helpline.links (centre_id, link_id, escalation_id, referral_id, agency_id, endpoint_id, delivery_id, token_hash,
                 made_at, expires_at)
             SELECT d.centre_id, '{link}', d.escalation_id, d.referral_id, d.agency_id, d.endpoint_id, d.delivery_id, '\\x{hash}'::bytea,
                 helpline.now(), helpline.now() + interval '1 day'
             FROM helpline.deliveries d WHERE d.centre_id = '{}' AND d.delivery_id = '{delivery}'",
            centre.id
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
