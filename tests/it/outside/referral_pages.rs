//! The pages of a referral, asked for by somebody who is not always a browser.

use helpline_domain::id::AgencyId;
use helpline_proto::directory::v1::Settings;
use helpline_proto::referral::v1::{
    AddReferralRemarkRequest, AskToCancelReferralRequest, GetReferralRequest, Referral, ReferralState,
    RevokeReferralRequest,
};
use helpline_tests::referral::SAID;
use helpline_tests::{Actor, Linked, request_id};

use super::site::{Page, Site};

/// An answer, what is filled in, and a word.
type Filled<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// An agency that has opened its link to a referral, and a supervisor of the centre.
struct Asked {
    site: Site,
    linked: Linked,
    supervisor: Actor,
    path: String,
    cookie: String,
}

impl Asked {
    async fn new() -> Self {
        let site = Site::new().await;
        let linked = site.world.link_to_referral(site.agency).await;
        let supervisor = site.world.supervisor().await;
        let (path, cookie) = site.open(&linked).await;
        Self { site, linked, supervisor, path, cookie }
    }

    fn at(&self) -> (&str, &str) {
        (&self.path, &self.cookie)
    }

    async fn page(&self) -> Page {
        self.site.get(&self.path, &[("cookie", self.cookie.as_str())]).await
    }

    async fn answer(&self, answer: &str, filled: &[(&str, &str)]) -> Page {
        self.site.answer(self.at(), answer, filled).await
    }

    /// Answers, which is done and said on the page that follows.
    async fn done(&self, answer: &str, filled: &[(&str, &str)], said: &str) -> Page {
        let told = self.answer(answer, filled).await;
        assert_eq!(
            (told.status, told.header("location")),
            (303, format!("{}?done={answer}", self.path).as_str())
        );
        let page = self.site.get(told.header("location"), &[("cookie", self.cookie.as_str())]).await;
        assert!(page.body.contains(said), "{said} in {}", page.body);
        page
    }

    async fn seen(&self) -> Referral {
        let request = GetReferralRequest { referral_id: self.linked.referral_id.clone() };
        self.supervisor.referrals().get_referral(request).await.unwrap().into_inner().referral.unwrap()
    }

    async fn state(&self) -> ReferralState {
        self.seen().await.state()
    }

    async fn ask_to_cancel(&self) {
        let request = AskToCancelReferralRequest {
            request_id: request_id(),
            referral_id: self.linked.referral_id.clone(),
            reason: "served_elsewhere".to_owned(),
            ..AskToCancelReferralRequest::default()
        };
        self.supervisor.referrals().ask_to_cancel_referral(request).await.unwrap();
    }

    fn count(&self, event: &str) -> String {
        let sql = format!("SELECT count(*) FROM helpline.referral_events WHERE event = '{event}'");
        self.site.world.database.query(&sql).unwrap()[0][0].clone().unwrap()
    }

    /// A day from now, as the forms have it.
    fn tomorrow(&self) -> String {
        let sql = "SELECT to_char(helpline.now() + interval '2 days', 'YYYY-MM-DD')";
        self.site.world.database.query(sql).unwrap()[0][0].clone().unwrap()
    }
}

#[tokio::test]
async fn an_agency_serves_a_child_from_the_link_to_the_outcome() {
    let asked = Asked::new().await;
    let hours =
        |settings: &mut Settings| settings.hours.get_or_insert_default().time_zone = "Asia/Qatar".to_owned();
    asked.site.world.change_settings(hours).await;
    assert_eq!(asked.path, format!("/referral/{}", asked.linked.referral_id));
    let page = asked.page().await;
    for (_, said) in SAID {
        assert!(page.body.contains(said), "{said} in {}", page.body);
    }
    assert!(page.body.contains("A shelter") && page.body.contains("You are asked"));
    for answer in ["begin", "pause", "close", "schedule", "attended", "cancel", "agree"] {
        assert!(!page.offers(answer), "{answer} before anybody has taken it on");
    }
    let page = asked
        .done(
            "accept",
            &[("number", "B-17"), ("remark", "Ask for Mona.")],
            "Noted: your agency has taken it on",
        )
        .await;
    assert!(page.body.contains("B-17") && page.body.contains("Ask for Mona."));
    assert!(!page.offers("accept") && !page.offers("reject") && !page.offers("close"));
    let seen = asked.seen().await;
    assert_eq!((seen.agency_id, seen.their_reference.as_str()), (asked.site.agency.to_string(), "B-17"));

    let day = asked.tomorrow();
    let page =
        asked.done("schedule", &[("date", &day), ("time", "14:30")], "Noted: the appointment stands").await;
    assert!(page.body.contains(&format!("{day} 14:30 (Asia/Qatar, UTC+03:00)")), "{}", page.body);
    let at = "SELECT to_char(appointment_at AT TIME ZONE 'UTC', 'HH24:MI') FROM helpline.referrals";
    assert_eq!(
        asked.site.world.database.query(at).unwrap()[0][0].as_deref(),
        Some("11:30"),
        "the centre's clocks"
    );
    assert!(page.body.contains("The child is to come") && page.offers("unattended"));
    asked.done("unattended", &[], "Noted: the child did not come").await;
    asked.done("schedule", &[("date", &day), ("time", "15:00")], "Noted: the appointment stands").await;
    let page = asked.done("attended", &[], "Noted: the child came").await;
    assert!(!page.offers("attended"), "it is over");
    asked.done("begin", &[], "Noted: your agency is helping").await;
    asked.done("pause", &[("reason", "2")], "Noted: it is paused").await;
    assert_eq!(asked.seen().await.reason, "waiting_list");
    asked.done("begin", &[], "Noted: your agency is helping").await;
    let page = asked.done("close", &[("served", "yes"), ("reason", "1")], "Noted: it is over").await;
    assert_eq!(asked.state().await, ReferralState::Completed);
    assert!(!page.body.contains("name=\"answer\""), "nothing is left to answer");
    for (_, said) in SAID {
        assert!(!page.body.contains(said), "{said} though it is over");
    }
}

#[tokio::test]
async fn a_second_click_happens_once_whatever_the_form() {
    let asked = Asked::new().await;
    let day = asked.tomorrow();
    let steps: [Filled<'_>; 4] = [
        ("remark", &[("remark", "May his aunt come too?"), ("question", "yes")], "asked"),
        ("accept", &[], "accepted"),
        ("schedule", &[("date", &day), ("time", "09:00")], "appointment_scheduled"),
        ("called_off", &[], "appointment_cancelled"),
    ];
    for (answer, filled, event) in steps {
        let page = asked.page().await;
        let clicks = tokio::join!(
            asked.site.send(asked.at(), &page, answer, filled),
            asked.site.send(asked.at(), &page, answer, filled)
        );
        assert_eq!((clicks.0.status, clicks.1.status), (303, 303), "{answer}");
        assert_eq!(asked.count(event), "1", "{answer}");
        let late = asked.site.send(asked.at(), &page, answer, filled).await;
        assert_eq!(
            (late.status, asked.count(event).as_str()),
            (303, "1"),
            "{answer}, sent again from the history"
        );
    }
}

#[tokio::test]
async fn of_two_pages_that_answer_otherwise_one_does_and_the_other_is_told_what_has_changed() {
    let asked = Asked::new().await;
    let page = asked.page().await;
    let (one, other) = tokio::join!(
        asked.site.send(asked.at(), &page, "accept", &[("remark", "We have a room.")]),
        asked.site.send(asked.at(), &page, "reject", &[("reason", "1"), ("remark", "Every room is taken.")])
    );
    let accepted = one.status == 303;
    assert_eq!((one.status, other.status), if accepted { (303, 409) } else { (409, 303) });
    let (told, wrote, done) = if accepted {
        (other, "Every room is taken.", "Taken on")
    } else {
        (one, "We have a room.", "Declined")
    };
    assert!(told.body.contains("changed meanwhile") && told.body.contains("role=\"alert\""));
    let alert = told.body.split("role=\"alert\"").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(alert.contains(wrote), "nothing that was written is lost: {alert}");
    if accepted {
        assert!(alert.contains("What has happened since") && alert.contains(done), "{alert}");
    }
    assert_eq!(asked.state().await == ReferralState::Accepted, accepted);
}

#[tokio::test]
async fn a_form_that_is_too_old_says_what_has_changed_and_keeps_what_was_filled_in() {
    let asked = Asked::new().await;
    asked.done("accept", &[], "Noted").await;
    let old = asked.page().await;
    let day = asked.tomorrow();
    asked.done("schedule", &[("date", &day), ("time", "09:00")], "Noted").await;
    let filled = [("date", day.as_str()), ("time", "16:45"), ("remark", "Bring <nobody>.")];
    let told = asked.site.send(asked.at(), &old, "schedule", &filled).await;
    assert_eq!(told.status, 409);
    for kept in ["value=\"16:45\"", "Bring &lt;nobody&gt;.", "Appointment made"] {
        assert!(told.body.contains(kept), "{kept} in {}", told.body);
    }
    // Sent once more as it stands on that page, it is what they want.
    let sent = asked.site.send(asked.at(), &told, "schedule", &filled).await;
    assert_eq!((sent.status, asked.count("appointment_rescheduled").as_str()), (303, "1"));
    // What is only written collides with nothing.
    assert_eq!(asked.site.send(asked.at(), &old, "remark", &[("remark", "Late.")]).await.status, 303);
}

#[tokio::test]
async fn what_is_filled_in_wrongly_is_said_at_its_field() {
    let asked = Asked::new().await;
    let long = "7".repeat(101);
    let wrong: [Filled<'_>; 4] = [
        ("reject", &[("remark", "No <room>.")], "reject-reason"),
        ("reject", &[("reason", "14"), ("remark", " ")], "reject-remark"),
        ("accept", &[("number", &long)], "accept-number"),
        ("remark", &[("remark", "")], "remark-remark"),
    ];
    for (answer, filled, field) in wrong {
        let told = asked.answer(answer, filled).await;
        assert_eq!(told.status, 422, "{field}");
        assert!(
            told.body.contains(&format!("href=\"#{field}\""))
                && told.body.contains(&format!("id=\"{field}\""))
        );
    }
    asked.done("accept", &[], "Noted").await;
    let yesterday = "2020-02-02";
    for (day, time) in [(yesterday, "10:00"), ("", ""), ("2026-13-01", "10:00"), ("9999-12-31", "23:59")] {
        let told = asked.answer("schedule", &[("date", day), ("time", time)]).await;
        assert_eq!(told.status, 422, "{day} {time}");
        assert!(told.body.contains("href=\"#schedule-date\""));
    }
    asked.done("begin", &[], "Noted").await;
    let told = asked.answer("close", &[("reason", "1")]).await;
    assert_eq!(told.status, 422);
    assert!(told.body.contains("href=\"#close-served\""));
    assert_eq!(asked.state().await, ReferralState::InProgress);
    assert_eq!(
        asked.answer("remark", &[("proof", "none"), ("remark", "x")]).await.status,
        400,
        "a field twice"
    );
}

#[tokio::test]
async fn who_rejects_says_why_in_words_and_another_is_asked() {
    let asked = Asked::new().await;
    let page = asked.page().await;
    assert!(page.body.contains("It would not be safe with us") && !page.body.contains("SAFETY_CONCERN"));
    let page = asked.done("reject", &[("reason", "11")], "Noted: your agency cannot").await;
    assert!(page.body.contains("Over: your agency has declined"));
    let why = "SELECT reason FROM helpline.referral_choices WHERE state = 'rejected'";
    assert_eq!(asked.site.world.database.query(why).unwrap()[0][0].as_deref(), Some("safety_concern"));
    for (_, said) in SAID {
        assert!(!page.body.contains(said), "{said} though it is over for them");
    }
}

#[tokio::test]
async fn both_sides_ask_to_end_it_and_the_other_answers() {
    let asked = Asked::new().await;
    asked.done("accept", &[], "Noted").await;
    asked.ask_to_cancel().await;
    let page = asked.page().await;
    assert!(
        page.body.contains("The helpline wants to end it: The child is helped elsewhere"),
        "{}",
        page.body
    );
    assert!(!page.offers("schedule") && !page.offers("cancel"));
    asked.done("keep", &[], "Noted: it goes on").await;
    assert_eq!(asked.state().await, ReferralState::Accepted);
    asked.ask_to_cancel().await;
    asked.done("agree", &[], "Noted: it is over").await;
    assert_eq!(asked.state().await, ReferralState::Cancelled);

    let asked = Asked::new().await;
    asked.done("accept", &[], "Noted").await;
    assert_eq!(
        asked.answer("cancel", &[("reason", "5")]).await.status,
        422,
        "something else is said in words"
    );
    let page = asked.done("cancel", &[("reason", "4")], "Noted: the helpline is asked").await;
    assert!(page.body.contains("The helpline has yet to answer") && !page.offers("agree"));
}

#[tokio::test]
async fn what_is_taken_back_while_the_page_is_open_is_gone_at_the_next_click() {
    let asked = Asked::new().await;
    let open = asked.page().await;
    let revoke = RevokeReferralRequest {
        request_id: request_id(),
        referral_id: asked.linked.referral_id.clone(),
        reason: "consent_withdrawn".to_owned(),
        remark: String::new(),
    };
    asked.supervisor.referrals().revoke_referral(revoke).await.unwrap();
    let told = asked.site.send(asked.at(), &open, "accept", &[("remark", "We have a room.")]).await;
    let page = asked.page().await;
    let none = asked.site.get(&asked.path, &[]).await;
    for shut in [&told, &page] {
        assert_eq!(shut.status, 403);
        assert_eq!(shut.body, none.body, "the same page as for whoever never had a visit");
    }
    assert_eq!(asked.state().await, ReferralState::Revoked);
}

#[tokio::test]
async fn a_link_that_cannot_be_opened_is_the_same_page_whatever_it_was() {
    let site = Site::new().await;
    let (used, expired) =
        (site.world.link_to_referral(site.agency).await, site.world.link_to_referral(site.agency).await);
    let taken_back = site.world.link_to_referral(site.agency).await;
    let cut = format!(
        "UPDATE helpline.referrals SET state = 'revoked', ended_at = helpline.now(), due_at = NULL WHERE referral_id = '{}'",
        taken_back.referral_id
    );
    site.world.database.query(&cut).unwrap();
    let emergency = site.world.link(site.agency).await;
    let plain = site.get(&format!("/link/{}", used.actor.secret()), &[]).await;
    let other = site.get(&format!("/link/{}", emergency.actor.secret()), &[]).await;
    let blank = |page: &Page, link: &str| page.body.replace(link, "");
    assert_eq!(
        blank(&plain, used.actor.secret()),
        blank(&other, emergency.actor.secret()),
        "nobody sees what it leads to"
    );
    site.open(&used).await;
    site.world.advance(25.0 * 3600.0);
    let guessed = format!("hlp_{}", "A".repeat(48));
    let mut bodies = Vec::new();
    for link in [used.actor.secret(), expired.actor.secret(), taken_back.actor.secret(), &guessed] {
        let page = site.post("/open", &[("link", link)], &[]).await;
        assert_eq!(page.status, 410);
        bodies.push(blank(&page, link));
    }
    assert!(bodies.windows(2).all(|two| two[0] == two[1]));
}

#[tokio::test]
async fn a_visit_to_one_thing_shows_no_other() {
    let asked = Asked::new().await;
    let agency: AgencyId = asked.site.agency;
    let other = asked.site.world.link_to_referral(agency).await;
    let emergency = asked.site.world.link(agency).await;
    let cookie = [("cookie", asked.cookie.as_str())];
    let places = [
        format!("/referral/{}", other.referral_id),
        format!("/escalation/{}", emergency.escalation_id),
        format!("/escalation/{}", asked.linked.referral_id),
    ];
    let form = asked.page().await;
    for place in &places {
        assert_eq!(asked.site.get(place, &cookie).await.status, 403, "{place}");
        let sent = asked.site.send((place, &asked.cookie), &form, "accept", &[]).await;
        assert_eq!(sent.status, 403, "{place}");
    }
    assert_eq!((asked.count("accepted").as_str(), asked.site.state(&emergency).as_str()), ("0", "notifying"));
    let remark = AddReferralRemarkRequest {
        request_id: request_id(),
        referral_id: asked.linked.referral_id.clone(),
        remark: "Not for them".to_owned(),
        ..AddReferralRemarkRequest::default()
    };
    asked.supervisor.referrals().add_referral_remark(remark).await.unwrap();
    assert!(!asked.page().await.body.contains("Not for them"), "what the centre writes for itself");
}

#[tokio::test]
async fn nothing_of_a_child_or_a_link_is_measured_or_kept() {
    let asked = Asked::new().await;
    let page =
        asked.done("accept", &[("number", "marker-number"), ("remark", "marker-remark")], "Noted").await;
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    assert!(!page.body.contains("<script") && !page.body.contains("style="));
    let title = page.body.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
    assert!(SAID.iter().all(|(_, said)| !title.contains(said)) && !title.contains("shelter"), "{title}");
    let metrics = asked.site.world.servers[0].ctx().metrics.encode();
    assert!(metrics.contains("page=\"/referral/{id}\",status=\"200\""));
    let cookie = asked.cookie.split('=').nth(1).unwrap();
    for secret in [asked.linked.actor.secret(), &asked.linked.referral_id, "marker", cookie] {
        assert!(!metrics.contains(secret), "{secret} in the metrics");
    }
}
