//! The pages behind a link, asked for by somebody who is not always a browser.

use helpline_domain::caller::Role;
use helpline_proto::directory::v1::DisableAgencyRequest;
use helpline_proto::escalation::v1::{
    AddRemarkRequest, ConsentBy, DiscloseRequest, DisclosureBasis, DisclosurePurpose, RevokeDisclosureRequest,
};
use helpline_proto::options::v1::FieldClass;
use helpline_tests::{Actor, request_id};

use super::site::Site;

#[tokio::test]
async fn looking_at_a_link_spends_nothing_and_tells_nothing() {
    let site = Site::new().await;
    let linked = site.world.link(site.agency).await;
    let path = format!("/link/{}", linked.actor.secret());
    let first = site.get(&path, &[]).await;
    assert_eq!(first.status, 200);
    for scanner in ["Outlook-Safe-Links", "curl/8", "Mozilla/5.0 (compatible; bingbot/2.0)"] {
        let page = site.get(&path, &[("user-agent", scanner), ("purpose", "prefetch")]).await;
        assert_eq!(page.body, first.body);
    }
    let stranger = format!("hlp_{}", "A".repeat(48));
    let other = site.get(&format!("/link/{stranger}"), &[]).await;
    assert_eq!(other.body.replace(&stranger, linked.actor.secret()), first.body);
    assert!(!site.is_used(&linked) && first.header("set-cookie").is_empty());

    let opened = site.post("/open", &[("link", linked.actor.secret())], &[]).await;
    assert_eq!(
        (opened.status, opened.header("location")),
        (303, format!("/escalation/{}", linked.escalation_id).as_str())
    );
    let again = site.post("/open", &[("link", linked.actor.secret())], &[]).await;
    let unknown = site.post("/open", &[("link", stranger.as_str())], &[]).await;
    assert_eq!((again.status, unknown.status), (410, 410));
    assert_eq!(
        unknown.body.replace(&stranger, linked.actor.secret()),
        again.body,
        "nobody learns which it was"
    );
    assert!(again.body.contains("action=\"/renew\"") && again.header("set-cookie").is_empty());
}

#[tokio::test]
async fn a_new_link_is_asked_for_and_the_page_is_the_same_whatever_comes_of_it() {
    let site = Site::new().await;
    let linked = site.world.link(site.agency).await;
    let mut pages = Vec::new();
    for link in [linked.actor.secret(), linked.actor.secret(), "hlp_nobody", ""] {
        pages.push(site.post("/renew", &[("link", link)], &[]).await);
    }
    assert!(pages.iter().all(|page| page.status == 200 && page.body.contains("Look into your mailbox")));
    let asked = "SELECT count(*) FROM helpline.deliveries WHERE event = 'escalation.link_renewed'";
    assert_eq!(site.world.database.query(asked).unwrap()[0][0].as_deref(), Some("1"));
}

#[tokio::test]
async fn every_answer_is_kept_nowhere_and_framed_by_nobody() {
    let site = Site::new().await;
    let linked = site.world.link(site.agency).await;
    let (path, cookie) = site.open(&linked).await;
    let pages = [
        site.get("/", &[]).await,
        site.get("/style.css", &[]).await,
        site.get("/robots.txt", &[]).await,
        site.get("/link/x", &[]).await,
        site.get(&path, &[]).await,
        site.get(&path, &[("cookie", cookie.as_str())]).await,
        site.get("/escalation/x", &[]).await,
        site.post("/open", &[], &[]).await,
        site.post("/open", &[], &[("sec-fetch-site", "cross-site")]).await,
    ];
    let statuses: Vec<_> = pages.iter().map(|page| page.status).collect();
    assert_eq!(statuses, [404, 200, 200, 200, 403, 200, 400, 410, 403]);
    for page in pages {
        assert_eq!(page.header("cache-control"), "no-store", "{page:?}");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'")
                && policy.contains("frame-ancestors 'none'")
                && !policy.contains("unsafe")
        );
        assert!(page.header("x-robots-tag").contains("noindex"));
        assert!(!page.body.contains("<script") && !page.body.contains("style="));
    }
}

#[tokio::test]
async fn the_cookie_goes_with_one_escalation_and_to_no_script() {
    let site = Site::new().await;
    let (one, other) = (site.world.link(site.agency).await, site.world.link(site.agency).await);
    let opened = site.post("/open", &[("link", one.actor.secret())], &[]).await;
    let attributes: Vec<_> = opened.header("set-cookie").split("; ").skip(1).collect();
    assert_eq!(attributes[0], format!("Path=/escalation/{}", one.escalation_id));
    assert!(attributes[1].starts_with("Expires=") && attributes[1].ends_with(" GMT"));
    assert_eq!(attributes[2..], ["HttpOnly", "SameSite=Strict"]);
    let (path, theirs) = site.open(&other).await;
    assert_eq!(site.get(&path, &[("cookie", theirs.as_str())]).await.status, 200);
    assert_eq!(site.get(&path, &[("cookie", opened.cookie().as_str())]).await.status, 403, "another visit's");
}

#[tokio::test]
async fn a_form_from_elsewhere_and_one_without_proof_do_nothing() {
    let site = Site::new().await;
    let (one, other) = (site.world.link(site.agency).await, site.world.link(site.agency).await);
    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        assert_eq!(site.post("/open", &[("link", one.actor.secret())], &[foreign]).await.status, 403);
    }
    assert!(!site.is_used(&one));

    let (path, cookie) = site.open(&one).await;
    let (other_path, other_cookie) = site.open(&other).await;
    let proof = site.get(&path, &[("cookie", cookie.as_str())]).await.field("proof");
    let theirs = site.get(&other_path, &[("cookie", other_cookie.as_str())]).await.field("proof");
    let answer = async |proof: &str, cookie: &str, headers: &[(&str, &str)]| {
        let id = request_id();
        let fields = [("answer", "accept"), ("request_id", id.as_str()), ("proof", proof)];
        site.post(&path, &fields, &[&[("cookie", cookie)][..], headers].concat()).await.status
    };
    assert_eq!(answer("", &cookie, &[]).await, 409);
    assert_eq!(answer(&theirs, &cookie, &[]).await, 409);
    assert_eq!(answer(&theirs, &other_cookie, &[]).await, 403, "their visit is to another escalation");
    assert_eq!(answer(&proof, "", &[]).await, 403);
    assert_eq!(answer(&proof, &cookie, &[("origin", "https://evil.example")]).await, 403);
    assert_eq!((site.state(&one), site.state(&other)), ("notifying".to_owned(), "notifying".to_owned()));
    assert_eq!(answer(&proof, &cookie, &[("origin", "null"), ("sec-fetch-site", "same-origin")]).await, 303);
    assert_eq!(site.state(&one), "accepted");
}

#[tokio::test]
async fn what_is_too_long_or_no_form_is_refused_and_spends_nothing() {
    let site = Site::new().await;
    let linked = site.world.link(site.agency).await;
    let huge = "x".repeat(5_000_000);
    let refused = site.post("/open", &[("link", huge.as_str()), ("more", linked.actor.secret())], &[]).await;
    assert_eq!(refused.status, 400);
    let (path, cookie) = site.open(&linked).await;
    let headers = [("cookie", cookie.as_str())];
    assert_eq!(site.post(&path, &[("remark", huge.as_str())], &headers).await.status, 400);
    let page = site.get(&path, &headers).await;
    let (proof, id) = (page.field("proof"), request_id());
    // The longest remark fits, however long it becomes on its way.
    let remark = "خ".repeat(2000);
    let fields = [
        ("answer", "remark"),
        ("request_id", id.as_str()),
        ("proof", proof.as_str()),
        ("remark", remark.as_str()),
    ];
    assert_eq!(site.post(&path, &fields, &headers).await.status, 303);
    let longer = format!("{remark}خ");
    let fields = [
        ("answer", "remark"),
        ("request_id", id.as_str()),
        ("proof", proof.as_str()),
        ("remark", longer.as_str()),
    ];
    let refused = site.post(&path, &fields, &headers).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains(&longer), "nothing that was written is lost");
    assert!(refused.body.contains("role=\"alert\"") && refused.body.contains("href=\"#remark-remark\""));
}

#[tokio::test]
async fn an_agency_answers_step_by_step_and_a_second_click_happens_once() {
    let site = Site::new().await;
    let linked = site.world.link(site.agency).await;
    let (path, cookie) = site.open(&linked).await;
    let page = site.get(&path, &[("cookie", cookie.as_str())]).await;
    let (id, proof) = (page.field("request_id"), page.field("proof"));
    let fields = [("answer", "accept"), ("request_id", id.as_str()), ("proof", proof.as_str())];
    let headers = [("cookie", cookie.as_str())];
    let clicks = tokio::join!(site.post(&path, &fields, &headers), site.post(&path, &fields, &headers));
    assert_eq!((clicks.0.status, clicks.1.status), (303, 303));
    assert_eq!(clicks.0.header("location"), format!("{path}?done=accept"));
    let accepted = "SELECT count(*) FROM helpline.escalation_events WHERE event = 'accepted'";
    assert_eq!(site.world.database.query(accepted).unwrap()[0][0].as_deref(), Some("1"));

    assert_eq!(site.answer((&path, &cookie), "responding", &[]).await.status, 303);
    assert_eq!(site.answer((&path, &cookie), "on_scene", &[]).await.status, 303);
    assert_eq!(
        site.answer((&path, &cookie), "reached", &[]).await.status,
        422,
        "said once it is not believed"
    );
    assert_eq!(site.state(&linked), "on_scene");
    assert_eq!(site.answer((&path, &cookie), "reached", &[("sure", "yes")]).await.status, 303);
    assert_eq!(site.state(&linked), "child_reached");
    let stale = site
        .post(
            &path,
            &[("answer", "on_scene"), ("request_id", request_id().as_str()), ("proof", proof.as_str())],
            &headers,
        )
        .await;
    assert_eq!(stale.status, 409);
    assert!(stale.body.contains("changed meanwhile"));
}

#[tokio::test]
async fn who_declines_says_why() {
    let site = Site::new().await;
    let linked = site.world.link(site.agency).await;
    let (path, cookie) = site.open(&linked).await;
    let refused = site.answer((&path, &cookie), "decline", &[("remark", "Every car is <out>.")]).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("Every car is &lt;out&gt;.")
            && refused.body.contains("href=\"#decline-reason\"")
    );
    let declined =
        site.answer((&path, &cookie), "decline", &[("reason", "1"), ("remark", "Every car is out.")]).await;
    assert_eq!(declined.header("location"), format!("{path}?done=decline"));
    let why = "SELECT detail ->> 'reason' FROM helpline.escalation_events WHERE event = 'declined'";
    assert_eq!(site.world.database.query(why).unwrap()[0][0].as_deref(), Some("no_capacity"));
}

async fn disclose(site: &Site, supervisor: &Actor, escalation_id: &str) -> String {
    let request = DiscloseRequest {
        request_id: request_id(),
        escalation_id: escalation_id.to_owned(),
        agency_id: site.agency.to_string(),
        purpose: DisclosurePurpose::Emergency.into(),
        field_classes: vec![FieldClass::Narrative.into()],
        basis: DisclosureBasis::Consent.into(),
        consent_by: ConsentBy::Child.into(),
        ..DiscloseRequest::default()
    };
    supervisor.disclosures().disclose(request).await.unwrap().into_inner().disclosure.unwrap().disclosure_id
}

#[tokio::test]
async fn what_is_revoked_is_gone_from_the_next_page() {
    let site = Site::new().await;
    let linked = site.world.link(site.agency).await;
    let supervisor = site.world.bearer(site.world.centre.id, Role::Supervisor, None).await;
    let (path, cookie) = site.open(&linked).await;
    let headers = [("cookie", cookie.as_str())];
    let remark = AddRemarkRequest {
        request_id: request_id(),
        escalation_id: linked.escalation_id.clone(),
        remark: "She hides <b>in the attic".to_owned(),
        shared: true,
    };
    supervisor.escalations().add_remark(remark).await.unwrap();
    let told = async || site.get(&path, &headers).await.body.contains("She hides &lt;b&gt;in the attic");
    assert!(!told().await);
    let disclosure_id = disclose(&site, &supervisor, &linked.escalation_id).await;
    assert!(told().await);
    let revoke = RevokeDisclosureRequest { request_id: request_id(), disclosure_id };
    supervisor.disclosures().revoke_disclosure(revoke).await.unwrap();
    assert!(!told().await);
    let disable = DisableAgencyRequest { request_id: request_id(), agency_id: site.agency.to_string() };
    site.world.administrator().agencies().disable_agency(disable).await.unwrap();
    let page = site.get(&path, &headers).await;
    assert_eq!(page.status, 403);
    assert!(page.body.contains("This page is closed"));
}

#[tokio::test]
async fn a_page_is_in_the_language_that_was_chosen_else_in_that_of_the_browser() {
    let site = Site::new().await;
    let arabic = site.get("/link/x", &[("accept-language", "ar-QA,en;q=0.5")]).await;
    assert!(arabic.body.contains("<html lang=\"ar\" dir=\"rtl\">"));
    let russian = site.get("/link/x?lang=ru", &[("accept-language", "ar")]).await;
    assert!(russian.body.contains("<html lang=\"ru\" dir=\"ltr\">"));
    let kept = russian.cookie();
    let headers = [("accept-language", "ar"), ("cookie", kept.as_str())];
    assert!(site.get("/link/x", &headers).await.body.contains("lang=\"ru\" dir"));
    let nonsense = site.get("/link/x?lang=%00<script>", &[]).await;
    assert!(nonsense.body.contains("<html lang=\"en\"") && nonsense.header("set-cookie").contains("=en;"));
}

#[tokio::test]
async fn nothing_of_a_link_or_a_child_is_measured_by_name() {
    let site = Site::new().await;
    let linked = site.world.link(site.agency).await;
    let (path, cookie) = site.open(&linked).await;
    site.get(&path, &[("cookie", cookie.as_str())]).await;
    site.get(&format!("/link/{}?lang=ar", linked.actor.secret()), &[]).await;
    site.get("/nowhere/marker", &[]).await;
    let metrics = site.world.servers[0].ctx().metrics.encode();
    assert!(
        metrics.contains("page=\"/link/{token}\",status=\"200\"")
            && metrics.contains("page=\"none\",status=\"404\"")
    );
    for secret in
        [linked.actor.secret(), linked.escalation_id.as_str(), "marker", cookie.split('=').nth(1).unwrap()]
    {
        assert!(!metrics.contains(secret), "{secret} in the metrics");
    }
}
