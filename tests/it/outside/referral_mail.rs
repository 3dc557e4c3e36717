//! What the mailbox of an agency without a client gets of a referral: that it is needed, a link, and no word of a child.

use helpline_domain::id::AgencyId;
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, OpenLinkRequest, SignatureScheme};
use helpline_proto::referral::v1::{
    AcceptReferralRequest, AddReferralRemarkRequest, AskToCancelReferralRequest, DraftReferralRequest,
    Referral, RevokeReferralRequest,
};
use helpline_tests::referral::{SAID, draft};
use helpline_tests::{Actor, MailServer, pages, request_id};
use serde_json::Value;

use super::referrals::contact;
use super::scene::Scene;

/// An agency that reads mail, and a referral that asks it.
pub(crate) struct Mailbox {
    pub(crate) scene: Scene,
    pub(crate) base: String,
    server: MailServer,
    pub(crate) referral: Referral,
}

impl Mailbox {
    pub(crate) async fn new() -> Option<Self> {
        Self::asked(async |scene| draft(&contact(scene).await, &[])).await
    }

    /// The same with a referral that is drafted so, but for the service that it asks.
    pub(crate) async fn asked(new: impl AsyncFnOnce(&Scene) -> DraftReferralRequest) -> Option<Self> {
        let server = MailServer::start(&helpline_devstack::python_client()?).await;
        let (console, base) = pages();
        let scene = Scene::set_with(&format!("{console}{}", server.settings)).await;
        let mailbox = CreateEndpointRequest {
            kind: EndpointKind::Email.into(),
            ..scene.webhook("duty@agency.example", SignatureScheme::Unspecified)
        };
        scene.endpoint(mailbox).await;
        let agency: AgencyId = scene.agency.parse().unwrap();
        let service_ids = vec![scene.world.service(agency).await];
        let referral =
            scene.supervisor.refer(DraftReferralRequest { service_ids, ..new(&scene).await }).await;
        Some(Self { scene, base, server, referral })
    }

    /// The next mail, which says nothing of anybody, and its link if it has one.
    pub(crate) async fn next(&mut self) -> (Value, Option<String>) {
        let mail = self.server.next().await;
        let (content, text) = (mail["content"].as_str().unwrap(), mail["text"].as_str().unwrap());
        let number = format!(" {}", self.referral.number);
        let said = SAID.iter().map(|(_, said)| *said);
        for secret in
            said.chain([self.referral.referral_id.as_str(), "counselling", "referral", "shelter", &number])
        {
            assert!(!text.contains(secret), "{secret} in {text}");
            assert!(secret == number || !content.contains(secret), "{secret} in {content}");
        }
        let link = text.lines().find_map(|line| line.trim().strip_prefix(&format!("{}/link/", self.base)));
        let link = link.map(str::to_owned);
        (mail, link)
    }

    /// Who has opened the link of the next mail.
    pub(crate) async fn visitor(&mut self) -> Actor {
        let link = self.next().await.1.unwrap();
        let shows = self.scene.supervisor.with(&link);
        let request = OpenLinkRequest { request_id: request_id() };
        let opened = shows.links().open_link(request).await.unwrap().into_inner();
        assert_eq!(opened.referral_id, self.referral.referral_id);
        shows.with(&opened.secret)
    }

    pub(crate) fn id(&self) -> String {
        self.referral.referral_id.clone()
    }
}

#[tokio::test]
async fn an_agency_gets_a_link_for_whatever_it_has_to_look_at_and_none_for_what_was_taken_back() {
    let Some(mut mailbox) = Mailbox::new().await else { return };
    let visitor = mailbox.visitor().await;
    let (request, question) = (AcceptReferralRequest::default(), AddReferralRemarkRequest::default());
    let accept = AcceptReferralRequest { request_id: request_id(), referral_id: mailbox.id(), ..request };
    visitor.referrals().accept_referral(accept).await.unwrap();
    let ask = AddReferralRemarkRequest {
        request_id: request_id(),
        referral_id: mailbox.id(),
        remark: "Does he speak English?".to_owned(),
        question: true,
        ..question.clone()
    };
    visitor.referrals().add_referral_remark(ask).await.unwrap();

    let supervisor = mailbox.scene.supervisor.clone();
    let reply = AddReferralRemarkRequest {
        request_id: request_id(),
        referral_id: mailbox.id(),
        remark: "A little, his aunt does.".to_owned(),
        shared: true,
        ..question
    };
    supervisor.referrals().add_referral_remark(reply).await.unwrap();
    mailbox.visitor().await;

    mailbox.scene.world.advance(15.0 * 24.0 * 3600.0);
    mailbox.visitor().await;
    let overdue = "SELECT count(*) FROM helpline.deliveries WHERE event = 'referral.overdue'";
    assert_eq!(mailbox.scene.one(overdue), "1", "whose turn it is, is reminded");

    let cancel = AskToCancelReferralRequest {
        request_id: request_id(),
        referral_id: mailbox.id(),
        reason: "no_longer_needed".to_owned(),
        ..AskToCancelReferralRequest::default()
    };
    supervisor.referrals().ask_to_cancel_referral(cancel).await.unwrap();
    mailbox.visitor().await;

    let revoke = RevokeReferralRequest {
        request_id: request_id(),
        referral_id: mailbox.id(),
        reason: "safety".to_owned(),
        remark: String::new(),
    };
    supervisor.referrals().revoke_referral(revoke).await.unwrap();
    let (mail, link) = mailbox.next().await;
    assert_eq!(link, None, "{mail}");
    let text = mail["text"].as_str().unwrap();
    assert!(
        text.contains("no longer needed") && !text.contains("sign in") && !text.contains("hlp_"),
        "{text}"
    );
}
