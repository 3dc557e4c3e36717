//! A server dies while somebody opens a link, and nothing of what they do afterwards is in its log.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use helpline_proto::channels::v1::EndpointKind;
use helpline_tests::process::{Fleet, FleetOptions, until};
use helpline_tests::{MailServer, pages, request_id};
use reqwest::{Client, Response, redirect};

use crate::sending::due;

const PATIENCE: Duration = Duration::from_secs(30);

/// Sends a form.
async fn post(client: &Client, url: &str, cookie: &str, form: String) -> Result<Response, reqwest::Error> {
    let request = client.post(url).header("content-type", "application/x-www-form-urlencoded");
    request.header("cookie", cookie).body(form).send().await
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
    let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().expect("a client");
    due(&fleet, EndpointKind::Email, "duty@agency.example").await;
    let first = server.next_link(&base).await;
    let token = |link: &str| link.rsplit('/').next().expect("a token").to_owned();
    let open = async |link: &str| {
        client.get(link).send().await.expect("a page");
        post(&client, &format!("{base}/open"), "", format!("link={}", token(link))).await
    };
    assert!(open(&first).await.is_err() || fleet.server(0).status().is_some());
    let (status, _) =
        until("the server dies", PATIENCE, || std::future::ready(fleet.server(0).status())).await;
    assert_eq!(status.signal(), Some(9), "{status}");
    let died = fleet.server(0).log();

    fleet.restart(0, &settings);
    let opened = open(&first).await.expect("an answer");
    assert_eq!(opened.status(), 410, "it was opened, and whoever opened it was not told");
    let renewed = post(&client, &format!("{base}/renew"), "", format!("link={}", token(&first))).await;
    assert_eq!(renewed.expect("an answer").status(), 200);
    let second = server.next_link(&base).await;
    let opened = open(&second).await.expect("an answer");
    assert_eq!(opened.status(), 303);
    let header = |name: &str| opened.headers()[name].to_str().expect("text").to_owned();
    let cookie = header("set-cookie").split(';').next().expect("a cookie").to_owned();
    let visit = token(&cookie.replace('=', "/"));
    let page = format!("{base}{}", header("location"));

    let marker = format!("marker{}", request_id().replace('-', ""));
    let shown =
        client.get(&page).header("cookie", &cookie).send().await.expect("a page").text().await.expect("it");
    let proof = shown
        .split("name=\"proof\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a proof");
    let form = format!("answer=remark&proof={proof}&request_id={}&remark={marker}", request_id());
    assert_eq!(post(&client, &page, &cookie, form).await.expect("an answer").status(), 303);
    let shown =
        client.get(&page).header("cookie", &cookie).send().await.expect("a page").text().await.expect("it");
    assert!(shown.contains(&marker));

    fleet.server(0).stop();
    let log = died + &fleet.server(0).log();
    assert!(log.contains("TRACE"), "the log is detailed");
    for secret in [&marker, &visit, &token(&first), &token(&second)] {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "a secret is in the log");
    }
    let opened = "SELECT count(*) FROM helpline.escalation_events WHERE event = 'link_opened'";
    assert_eq!(fleet.count(opened), 2);
}
