//! An agency that is told by webhook and by mail, and what it is told.

use std::time::Duration;

use helpline_domain::caller::Role;
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, SignatureScheme};
use helpline_proto::directory::v1::{Agency, AgencyKind, CreateAgencyRequest};
use helpline_proto::escalation::v1::{GetPlanRequest, PublishPlanRequest, Step, Target, TargetKind};
use helpline_proto::options::v1::FieldClass;
use helpline_tests::process::{Fleet, until};
use helpline_tests::{Answer, MailServer, Partner, request_id};

use super::scan::Markers;

const PATIENCE: Duration = Duration::from_secs(30);

/// What an agency has set up.
pub(super) struct Desk {
    partner: Partner,
    mails: Option<MailServer>,
}

impl Desk {
    pub(super) async fn open() -> Self {
        let partner = Partner::answering([Answer::Status(204)]).await;
        let mails = match helpline_devstack::python_client() {
            Some(python) => Some(MailServer::start(&python).await),
            None => None,
        };
        Self { partner, mails }
    }

    /// The section `channels` of the server.
    pub(super) fn config(&self) -> String {
        let mail = self.mails.as_ref().map_or("[channels]\n", |mails| mails.settings.as_str());
        format!("{mail}private_targets = true\n")
    }

    /// An agency with both ways, which a plan tells first, and all of an emergency. Addresses and secrets are nobody else's
    /// to read.
    pub(super) async fn appoint(&self, fleet: &Fleet, markers: &mut Markers) {
        let administrator = fleet.bearer(Role::Administrator, None);
        let classes: Vec<i32> = (1..=10).filter(|&class| class != FieldClass::Secret as i32).collect();
        let agency = Agency {
            display_name: "An agency".to_owned(),
            kind: AgencyKind::Police.into(),
            field_classes: classes.clone(),
            ..Agency::default()
        };
        let request = CreateAgencyRequest { request_id: request_id(), agency: Some(agency) };
        let made = administrator.agencies().create_agency(request).await.expect("an agency").into_inner();
        let agency_id = made.agency.expect("the agency").agency_id;
        let path = format!("for-us-alone-{}", request_id());
        let mailbox = format!("duty-{}@agency.example", request_id());
        markers.add("webhook", &path);
        markers.add("mailbox", &mailbox);
        for (kind, signature, address) in [
            (EndpointKind::Webhook, SignatureScheme::V1, format!("{}/{path}", self.partner.url)),
            (EndpointKind::Email, SignatureScheme::Unspecified, mailbox),
        ] {
            let request = CreateEndpointRequest {
                request_id: request_id(),
                agency_id: agency_id.clone(),
                kind: kind.into(),
                address,
                signature: signature.into(),
            };
            let made = administrator.endpoints().create_endpoint(request).await.expect("an endpoint");
            let secret = made.into_inner().secret;
            if !secret.is_empty() {
                markers.add("secret", secret.trim_start_matches("whsec_").trim_end_matches('='));
            }
        }
        let plan = administrator.plans().get_plan(GetPlanRequest::default()).await.expect("the plan");
        let mut plan = plan.into_inner().plan.expect("the plan");
        let desk =
            Target { kind: TargetKind::Agency.into(), agency_id, discloses: classes, ..Target::default() };
        let policy = plan.policies.last_mut().expect("the policy of emergencies");
        policy.steps.insert(0, Step { targets: vec![desk], wait: None });
        let request = PublishPlanRequest { request_id: request_id(), plan: Some(plan), expected_version: 0 };
        administrator.plans().publish_plan(request).await.expect("the plan is published");
    }

    /// What the agency was told, once it was told by both ways: a place and its bytes.
    pub(super) async fn told(&mut self) -> Vec<(&'static str, Vec<u8>)> {
        let (heard, _) = until("the webhook", PATIENCE, || {
            let heard = self.partner.heard();
            std::future::ready((!heard.is_empty()).then_some(heard))
        })
        .await;
        let mut told = Vec::new();
        for one in heard {
            told.push(("the webhook's headers", format!("{:?}", one.headers).into_bytes()));
            told.push(("the webhook's body", one.body));
        }
        if let Some(mails) = &mut self.mails {
            let mail = tokio::time::timeout(PATIENCE, mails.next()).await.expect("a mail in time");
            let content = mail["content"].as_str().expect("its content");
            // To whom it goes stands on it.
            let to = content.lines().filter(|line| !line.starts_with("To: "));
            told.push(("the mail", to.collect::<Vec<_>>().join("\n").into_bytes()));
        }
        told
    }
}

/// Lines of a log in which the libraries that carry what leaves the building say where it goes.
pub(super) fn carriers(log: &str) -> Vec<&str> {
    let says = |line: &&str| {
        let detail = line.split_whitespace().nth(1).is_some_and(|level| matches!(level, "DEBUG" | "TRACE"));
        let carriers = [" hyper::", " hyper_util::", " reqwest::", " lettre::", " rustls::", " h2::"];
        detail && carriers.iter().any(|carrier| line.contains(carrier))
    };
    log.lines().filter(says).collect()
}
