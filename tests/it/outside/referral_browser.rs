//! The whole way of an agency without a client, in a real browser: from the mailbox to what came of a referral.

use helpline_proto::referral::v1::{
    AskToCancelReferralRequest, GetReferralRequest, Referral, ReferralOutcome, ReferralState, RejectReason,
};
use helpline_tests::request_id;

use super::browser::barriers;
use super::referral_mail::Mailbox;
use super::scene::until;
use super::webdriver::{Browser, DOWN, ENTER, SPACE, TAB};

async fn seen(mailbox: &Mailbox) -> Referral {
    let request = GetReferralRequest { referral_id: mailbox.id() };
    mailbox.scene.supervisor.referrals().get_referral(request).await.unwrap().into_inner().referral.unwrap()
}

/// Opens the link of the next mail with the button of these words.
pub(crate) async fn open(browser: &Browser, mailbox: &mut Mailbox, button: &str) {
    let link = mailbox.next().await.1.unwrap();
    browser.go(&format!("{}/link/{link}", mailbox.base)).await;
    browser.tab_to(button).await;
    browser.press(ENTER).await;
}

#[tokio::test]
async fn an_agency_reads_its_mail_and_serves_a_child_by_keyboard_alone() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let Some(browser) = Browser::start("en").await else { return };
    let Some(mut mailbox) = Mailbox::new().await else { return };
    open(&browser, &mut mailbox, "Open").await;
    browser.reads(&format!("Referral {}", mailbox.referral.number)).await;
    let page = browser.text().await;
    for known in ["You are asked", "A shelter", "Samir, eleven", "He does not sleep", "Within days"] {
        assert!(page.contains(known), "{known} in {page}");
    }
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());
    browser.picture("referral-en").await;

    browser.tab_to("Your number for it (may stay empty)").await;
    browser.press("B-17").await;
    browser.tab_to("We take it on").await;
    browser.press(ENTER).await;
    browser.reads("Noted: your agency has taken it on").await;
    assert!(browser.focused().await.starts_with("Noted: your agency"), "who does not see it hears it first");
    assert_eq!(seen(&mailbox).await.their_reference, "B-17");

    browser.tab_to("Say when the child is to come").await;
    browser.press(ENTER).await;
    browser.tab_to("Day").await;
    let sql = "SELECT to_char(helpline.now() + interval '40 days', 'MMDDYYYY')";
    browser.press(&mailbox.scene.one(sql)).await;
    browser.tab_to("Time").await;
    browser.press("0230PM").await;
    browser.picture("appointment-en").await;
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());
    browser.tab_to("Say when the child is to come").await;
    browser.press(ENTER).await;
    browser.reads("Noted: the appointment stands").await;
    browser.reads("14:30").await;
    browser.tab_to("The child came").await;
    browser.press(ENTER).await;
    browser.reads("Noted: the child came").await;
    browser.tab_to("We are helping now").await;
    browser.press(ENTER).await;
    browser.reads("Noted: your agency is helping").await;

    browser.tab_to("Say what came of it").await;
    browser.press(ENTER).await;
    browser.tab_to("Yes").await;
    browser.press(SPACE).await;
    browser.tab_to("What came of it").await;
    browser.press(DOWN).await;
    browser.picture("outcome-en").await;
    browser.tab_to("Say what came of it").await;
    browser.press(ENTER).await;
    browser.reads("Noted: it is over. Thank you.").await;
    let over = seen(&mailbox).await;
    assert_eq!((over.state(), over.outcome()), (ReferralState::Completed, ReferralOutcome::Served));
    assert!(!browser.text().await.contains("Samir"), "what is over is nobody's to read");
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());
    browser.picture("over-en").await;
    browser.quit().await;
}

#[tokio::test]
async fn an_agency_says_no_in_its_own_language() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let Some(browser) = Browser::start("ru").await else { return };
    let Some(mut mailbox) = Mailbox::new().await else { return };
    open(&browser, &mut mailbox, "Открыть").await;
    browser.reads(&format!("Направление {}", mailbox.referral.number)).await;
    browser.tab_to("Мы не можем").await;
    browser.press(ENTER).await;
    browser.tab_to("Почему").await;
    browser.press(DOWN).await;
    browser.tab_to("Замечание").await;
    browser.press("До пятницы мест нет").await;
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());
    browser.picture("rejecting-ru").await;
    browser.press(TAB).await;
    browser.press(ENTER).await;
    browser.reads("Записано: ваша организация не может").await;
    let over = seen(&mailbox).await;
    assert_eq!(over.choices[0].reject_reason(), RejectReason::AtCapacity);
    browser.quit().await;
}

#[tokio::test]
async fn the_page_of_a_referral_is_read_on_a_telephone_in_every_language_and_from_right_to_left() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let Some(browser) = Browser::start("ar").await else { return };
    let Some(mut mailbox) = Mailbox::new().await else { return };
    browser.resize(360, 740).await;
    open(&browser, &mut mailbox, "افتح").await;
    browser.reads("السؤال موجّه إليكم").await;
    browser.tab_to("نتولّى ذلك").await;
    browser.press(ENTER).await;
    browser.reads("سُجّل").await;
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
        browser.ask("document.querySelectorAll('details').forEach(e => { e.open = true })").await;
        let fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(browser.ask(fits).await, true, "nothing stands beside the screen in {language}");
        let large = "return [...document.querySelectorAll('button, summary, select, input[type=text], input[type=date], input[type=time]')].every(e => e.getBoundingClientRect().height >= 44 || !e.checkVisibility())";
        assert_eq!(browser.ask(large).await, true, "a thumb finds it");
        assert_eq!(barriers(&browser, &python).await, Vec::<String>::new(), "{language}");
        browser.picture(&format!("referral-{language}-narrow")).await;
    }
    let cancel = AskToCancelReferralRequest {
        request_id: request_id(),
        referral_id: mailbox.id(),
        reason: "child_declined".to_owned(),
        ..AskToCancelReferralRequest::default()
    };
    mailbox.scene.supervisor.referrals().ask_to_cancel_referral(cancel).await.unwrap();
    open(&browser, &mut mailbox, "Open").await;
    browser.reads("The helpline wants to end it: The child does not want it").await;
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());
    browser.picture("cancelling-en-narrow").await;
    browser.quit().await;
}
