//! The whole way of an agency without a client, in a real browser: from the mailbox to the child who was reached.

use std::path::Path;

use helpline_proto::channels::v1::{CreateEndpointRequest, EndpointKind, SignatureScheme};
use helpline_proto::escalation::v1::{
    Danger, Escalation, EscalationKind, EscalationState, GetEscalationRequest, Location, LocationSource,
    Particulars, RaiseEscalationRequest, Step, Target, TargetKind,
};
use helpline_proto::options::v1::FieldClass;
use helpline_proto::terms::v1::Risk;
use helpline_tests::{MailServer, pages, request_id};

use super::scene::{Scene, until};
use super::webdriver::{Browser, DOWN, ENTER, SPACE, TAB};

/// An agency that reads mail, and a supervisor who needs it.
struct Mailbox {
    scene: Scene,
    base: String,
    server: MailServer,
}

impl Mailbox {
    async fn new(python: &Path) -> Self {
        let server = MailServer::start(python).await;
        let (console, base) = pages();
        let scene = Scene::set_with(&format!("{console}{}", server.settings)).await;
        let mailbox = CreateEndpointRequest {
            kind: EndpointKind::Email.into(),
            ..scene.webhook("duty@agency.example", SignatureScheme::Unspecified)
        };
        scene.endpoint(mailbox).await;
        let target = Target {
            kind: TargetKind::Agency.into(),
            agency_id: scene.agency.clone(),
            discloses: [FieldClass::Identity, FieldClass::Narrative, FieldClass::Location]
                .map(Into::into)
                .to_vec(),
            ..Target::default()
        };
        let wait = prost_types::Duration { seconds: 3600, nanos: 0 };
        let step = Step { targets: vec![target], wait: Some(wait) };
        let change = scene.world.change_plan(|plan| plan.policies.last_mut().unwrap().steps = vec![step]);
        change.await.unwrap();
        Self { scene, base, server }
    }

    /// Raises an emergency about a child; the escalation.
    async fn raise(&self) -> Escalation {
        let request = RaiseEscalationRequest {
            request_id: request_id(),
            kind: EscalationKind::Emergency.into(),
            risk: Risk::HarmNow.into(),
            danger: Danger::Violence.into(),
            particulars: Some(Particulars {
                identity: "سلمى، نحو تسع سنوات".to_owned(),
                contact: "marker: a neighbour's telephone".to_owned(),
                narrative: "Somebody is hitting her.\nShe hides in the kitchen.".to_owned(),
                ..Particulars::default()
            }),
            location: Some(Location {
                place: "Behind the school, 3rd floor".to_owned(),
                source: LocationSource::Said.into(),
                ..Location::default()
            }),
            ..RaiseEscalationRequest::default()
        };
        self.scene
            .supervisor
            .escalations()
            .raise_escalation(request)
            .await
            .unwrap()
            .into_inner()
            .escalation
            .unwrap()
    }

    /// The link in the next mail.
    async fn link(&mut self) -> String {
        self.server.next_link(&self.base).await
    }

    async fn seen(&self, of: &Escalation) -> Escalation {
        let request = GetEscalationRequest { escalation_id: of.escalation_id.clone() };
        self.scene
            .supervisor
            .escalations()
            .get_escalation(request)
            .await
            .unwrap()
            .into_inner()
            .escalation
            .unwrap()
    }
}

/// What an independent checker of accessibility finds wrong on the page; nothing when it is not installed.
pub(crate) async fn barriers(browser: &Browser, python: &Path) -> Vec<String> {
    let Some(axe) = helpline_devstack::accessibility_checker(python) else { return Vec::new() };
    let script = std::fs::read_to_string(axe).unwrap();
    let run = "const done = arguments[arguments.length - 1];
        axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
            .then(found => done(found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | '))))
            .catch(error => done([String(error)]));";
    let found = browser.ask_later(&format!("{script};\n{run}")).await;
    found.as_array().unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn an_agency_reads_its_mail_and_answers_by_keyboard_alone() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let Some(browser) = Browser::start("en").await else { return };
    let mut mailbox = Mailbox::new(&python).await;
    let raised = mailbox.raise().await;
    let link = mailbox.link().await;

    browser.go(&link).await;
    browser.reads("The helpline needs your agency").await;
    browser.picture("landing-en").await;
    browser.tab_to("Open").await;
    browser.press(ENTER).await;
    browser.reads(&format!("Emergency {}", raised.number)).await;
    let page = browser.text().await;
    for known in [
        "Violence",
        "Harm is happening now",
        "سلمى",
        "She hides in the kitchen.",
        "3rd floor",
        "Shared with An agency",
    ] {
        assert!(page.contains(known), "{known} in {page}");
    }
    assert!(!page.contains("marker"), "what was not shared is not there");
    assert!(
        !browser.ask("return document.referrer + document.cookie").await.as_str().unwrap().contains("hlp_")
    );
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());
    browser.picture("escalation-en").await;

    browser.tab_to("We have seen it").await;
    browser.press(ENTER).await;
    browser.reads("Please say soon whether you take it on").await;
    assert!(
        browser.focused().await.starts_with("Noted: your agency has seen it"),
        "who does not see it hears it first"
    );
    assert_eq!(mailbox.seen(&raised).await.state(), EscalationState::Acknowledged);
    browser.tab_to("We take it on").await;
    browser.press(ENTER).await;
    browser.reads("Your agency has taken this on").await;
    assert_eq!(mailbox.seen(&raised).await.accepted_agency_id, mailbox.scene.agency);
    browser.tab_to("We are on our way").await;
    browser.press(ENTER).await;
    browser.reads("Noted: you are on your way").await;

    browser.tab_to("Remark").await;
    browser.press("Two of us, ten minutes").await;
    browser.press(TAB).await;
    browser.press(ENTER).await;
    browser.reads("The remark was sent").await;
    browser.reads("Two of us, ten minutes").await;
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());

    browser.tab_to("The child was reached").await;
    browser.press(ENTER).await;
    assert_eq!(mailbox.seen(&raised).await.state(), EscalationState::Responding, "not by one key alone");
    browser.tab_to("One of us is with the child").await;
    browser.press(SPACE).await;
    browser.press(TAB).await;
    browser.press(ENTER).await;
    browser.reads("Noted: the child was reached").await;
    assert_eq!(mailbox.seen(&raised).await.state(), EscalationState::ChildReached);
    browser.picture("reached-en").await;

    let here = browser.ask("return location.href").await.as_str().unwrap().to_owned();
    browser.tab_to("Leave and close").await;
    browser.press(ENTER).await;
    browser.reads("You have left").await;
    browser.go(&here).await;
    browser.reads("This page is closed").await;
    browser.quit().await;
}

#[tokio::test]
async fn a_used_link_is_renewed_by_mail_and_the_new_one_declines() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let Some(browser) = Browser::start("ru").await else { return };
    let mut mailbox = Mailbox::new(&python).await;
    let raised = mailbox.raise().await;
    let link = mailbox.link().await;
    browser.go(&link).await;
    browser.tab_to("Открыть").await;
    browser.press(ENTER).await;
    browser.reads(&format!("Экстренный случай {}", raised.number)).await;

    browser.go(&link).await;
    browser.tab_to("Открыть").await;
    browser.press(ENTER).await;
    browser.reads("Эту ссылку больше нельзя открыть").await;
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());
    browser.picture("spent-ru").await;
    browser.tab_to("Запросить новую ссылку").await;
    browser.press(ENTER).await;
    browser.reads("Проверьте почту").await;
    let second = mailbox.link().await;
    assert_ne!(second, link);

    browser.go(&second).await;
    browser.tab_to("Открыть").await;
    browser.press(ENTER).await;
    browser.reads("Ваш ответ").await;
    browser.tab_to("Мы не можем").await;
    browser.press(ENTER).await;
    browser.tab_to("Почему").await;
    browser.press(DOWN).await;
    browser.tab_to("Замечание").await;
    browser.press("Машин нет").await;
    browser.picture("declining-ru").await;
    browser.press(TAB).await;
    browser.press(ENTER).await;
    browser.reads("Записано: ваша организация не может").await;
    until("it is declined", async || {
        mailbox.scene.timeline(&raised.escalation_id).contains(&"declined".to_owned()).then_some(())
    })
    .await;
    browser.quit().await;
}

#[tokio::test]
async fn the_pages_are_read_on_a_telephone_in_every_language_and_from_right_to_left() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let Some(browser) = Browser::start("ar").await else { return };
    let mut mailbox = Mailbox::new(&python).await;
    mailbox.raise().await;
    browser.resize(360, 740).await;
    browser.go(&mailbox.link().await).await;
    browser.reads("خط المساندة بحاجة إلى جهتكم").await;
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());
    browser.picture("landing-ar-narrow").await;
    browser.tab_to("افتح").await;
    browser.press(ENTER).await;
    browser.reads("ما هو معروف").await;
    for (language, name, direction) in
        [("ar", "العربية", "rtl"), ("ru", "Русский", "ltr"), ("en", "English", "ltr")]
    {
        browser.tab_to(name).await;
        browser.press(ENTER).await;
        let there = format!(
            "return document.documentElement.lang === '{language}' && document.readyState === 'complete'"
        );
        until(language, async || browser.ask(&there).await.as_bool().filter(|there| *there)).await;
        assert_eq!(browser.ask("return getComputedStyle(document.body).direction").await, direction);
        let fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(browser.ask(fits).await, true, "nothing stands beside the screen in {language}");
        let large = "return [...document.querySelectorAll('button, summary, select')].every(e => e.getBoundingClientRect().height >= 44 || !e.checkVisibility())";
        assert_eq!(browser.ask(large).await, true, "a thumb finds it");
        assert_eq!(browser.ask("return document.querySelectorAll('h1').length").await, 1);
        assert_eq!(barriers(&browser, &python).await, Vec::<String>::new(), "{language}");
        browser.picture(&format!("escalation-{language}-narrow")).await;
    }
    browser.quit().await;
}
