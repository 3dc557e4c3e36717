//! A server dies while somebody opens a link, and nothing of what they do afterwards is in its log.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use helpline_domain::caller::Role;
use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind};
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::referral::v1::{DraftReferralRequest, ReferralParticulars};
use helpline_proto::terms::v1::Channel;
use helpline_tests::process::{Fleet, FleetOptions, until};
use helpline_tests::referral::draft;
use helpline_tests::{MailServer, pages, request_id};
use reqwest::{Client, Response, redirect};

use crate::sending::due;

const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody of an agency with a browser.
struct Visitor {
    client: Client,
    base: String,
}

/// A visit as their browser has it.
struct Visit {
    page: String,
    cookie: String,
}

impl Visit {
    /// The token that the cookie is.
    fn token(&self) -> &str {
        self.cookie.split_once('=').expect("a cookie").1
    }
}

impl Visitor {
    fn new(base: &str) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build();
        Self { client: client.expect("a client"), base: base.to_owned() }
    }

    /// Sends a form.
    async fn post(&self, url: &str, cookie: &str, form: String) -> Result<Response, reqwest::Error> {
        let request = self.client.post(url).header("content-type", "application/x-www-form-urlencoded");
        request.header("cookie", cookie).body(form).send().await
    }

    /// Looks at a link and presses the button.
    async fn open(&self, link: &str) -> Result<Response, reqwest::Error> {
        self.client.get(link).send().await.expect("a page");
        self.post(&format!("{}/open", self.base), "", format!("link={}", token(link))).await
    }

    /// Opens a link that can be.
    async fn visit(&self, link: &str) -> Visit {
        let opened = self.open(link).await.expect("an answer");
        assert_eq!(opened.status(), 303);
        let header = |name: &str| opened.headers()[name].to_str().expect("text").to_owned();
        let cookie = header("set-cookie").split(';').next().expect("a cookie").to_owned();
        Visit { page: format!("{}{}", self.base, header("location")), cookie }
    }

    async fn read(&self, visit: &Visit) -> String {
        let request = self.client.get(&visit.page).header("cookie", &visit.cookie);
        request.send().await.expect("a page").text().await.expect("it")
    }

    /// Sends an answer with what was filled in.
    async fn answer(&self, visit: &Visit, answer: &str, filled: &str) {
        let shown = self.read(visit).await;
        let field = |name: &str| {
            let value = shown.split(&format!("name=\"{name}\" value=\"")).nth(1);
            value.and_then(|rest| rest.split('"').next()).expect("a field").to_owned()
        };
        let (proof, revision) = (field("proof"), field("revision"));
        let form =
            format!("answer={answer}&proof={proof}&revision={revision}&request_id={}&{filled}", request_id());
        let answered = self.post(&visit.page, &visit.cookie, form).await.expect("an answer");
        assert_eq!(answered.status(), 303);
    }
}

/// The token in a link.
fn token(link: &str) -> String {
    link.rsplit('/').next().expect("a token").to_owned()
}

fn marker() -> String {
    format!("marker{}", request_id().replace('-', ""))
}

/// That none of these is in a detailed log.
fn assert_silent(log: &str, secrets: &[&str]) {
    assert!(log.contains("TRACE"), "the log is detailed");
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a secret is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opened_a_link_of_a_server_that_died_gets_another_and_no_log_knows_either() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let mut server = MailServer::start(&python).await;
    let (console, base) = pages();
    let settings = format!("{console}{}", server.settings);
    let options = FleetOptions {
        testing: format!("kill_at = \"link.after_commit\"\n{settings}"),
        log: "trace".to_owned(),
        ..FleetOptions::default()
    };
    let mut fleet = Fleet::start(options).await;
    let visitor = Visitor::new(&base);
    due(&fleet, EndpointKind::Email, "duty@agency.example").await;
    let first = server.next_link(&base).await;
    assert!(visitor.open(&first).await.is_err() || fleet.server(0).status().is_some());
    let (status, _) =
        until("the server dies", PATIENCE, || std::future::ready(fleet.server(0).status())).await;
    assert_eq!(status.signal(), Some(9), "{status}");
    let died = fleet.server(0).log();

    fleet.restart(0, &settings);
    let opened = visitor.open(&first).await.expect("an answer");
    assert_eq!(opened.status(), 410, "it was opened, and whoever opened it was not told");
    let renewed = visitor.post(&format!("{base}/renew"), "", format!("link={}", token(&first))).await;
    assert_eq!(renewed.expect("an answer").status(), 200);
    let second = server.next_link(&base).await;
    let visit = visitor.visit(&second).await;
    let marker = marker();
    visitor.answer(&visit, "remark", &format!("remark={marker}")).await;
    assert!(visitor.read(&visit).await.contains(&marker));

    fleet.server(0).stop();
    let log = died + &fleet.server(0).log();
    assert_silent(&log, &[&marker, visit.token(), &token(&first), &token(&second)]);
    let opened = "SELECT count(*) FROM helpline.escalation_events WHERE event = 'link_opened'";
    assert_eq!(fleet.count(opened), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_and_no_mail_knows_of_a_referral_that_was_answered_by_a_link() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let mut server = MailServer::start(&python).await;
    let (console, base) = pages();
    let options = FleetOptions {
        testing: format!("{console}{}", server.settings),
        log: "trace".to_owned(),
        ..FleetOptions::default()
    };
    let mut fleet = Fleet::start(options).await;
    let (agency, service, _) = fleet.partner();
    let mailbox = CreateEndpointRequest {
        request_id: request_id(),
        agency_id: agency.to_string(),
        kind: EndpointKind::Email.into(),
        address: "duty@agency.example".to_owned(),
        signature: 0,
    };
    let administrator = fleet.bearer(Role::Administrator, None);
    administrator.endpoints().create_endpoint(mailbox).await.expect("an endpoint");
    let contact = ReceiveContactRequest {
        request_id: request_id(),
        channel: Channel::WebChat.into(),
        ..ReceiveContactRequest::default()
    };
    let adapter = fleet.bearer(Role::ChannelAdapter, None);
    let received = adapter.contacts().receive_contact(contact).await.expect("a contact").into_inner();
    let (said, number, remark) = (marker(), marker(), marker());
    let particulars = ReferralParticulars {
        identity: said.clone(),
        narrative: said.clone(),
        ..ReferralParticulars::default()
    };
    let new = DraftReferralRequest {
        particulars: Some(particulars),
        ..draft(&received.contact.expect("the contact").contact_id, &[&service])
    };
    fleet.bearer(Role::Supervisor, None).refer(new).await;

    let mail = server.next().await;
    let links = mail["text"].as_str().expect("a text").lines().filter(|line| line.starts_with(&base));
    let link = links.collect::<Vec<_>>().concat().trim().to_owned();
    let visitor = Visitor::new(&base);
    let visit = visitor.visit(&link).await;
    assert!(visitor.read(&visit).await.contains(&said));
    visitor.answer(&visit, "accept", &format!("number={number}&remark={remark}")).await;
    let page = visitor.read(&visit).await;
    assert!(page.contains(&number) && page.contains(&remark));
    let metrics = fleet.server(0).metrics();
    fleet.server(0).stop();
    let secrets = [said.as_str(), &number, &remark, visit.token(), &token(&link)];
    assert_silent(&fleet.server(0).log(), &secrets);
    assert!(!secrets.iter().any(|secret| metrics.contains(secret)));
    assert!(!mail.to_string().contains(&said), "the mail says nothing");
}
