//! An agency that is reached by e-mail alone is led to what it is to do, and answers, in a real browser and in Arabic.

use helpline_proto::casework::v1::{
    AddTaskRequest, AnswerTaskRequest, CancelTaskRequest, Case, GetTaskRequest, Task, TaskState,
};
use helpline_proto::referral::v1::DraftReferralRequest;
use helpline_tests::casework::visit;
use helpline_tests::referral::draft;
use helpline_tests::{Actor, request_id};
use prost_types::Timestamp;

use super::browser::barriers;
use super::referral_browser::open;
use super::referral_mail::Mailbox;
use super::scene::until;
use super::webdriver::{Browser, ENTER, TAB};

/// A mailbox that is asked about the child of a case.
async fn of_case() -> Option<(Mailbox, Case)> {
    let mut case = Case::default();
    let mailbox = Mailbox::asked(async |scene| {
        case = scene.supervisor.case_of_child().await;
        DraftReferralRequest { case_id: case.case_id.clone(), ..draft("", &[]) }
    })
    .await?;
    Some((mailbox, case))
}

/// Gives the agency something to do, so many seconds later than soon.
async fn give(mailbox: &Mailbox, case: &Case, (task, note): (&str, &str), later: i64) -> Task {
    let soon = mailbox.scene.world.soon();
    let due = Timestamp { seconds: soon.seconds + later, nanos: 0 };
    let new = AddTaskRequest {
        task: task.to_owned(),
        note: note.to_owned(),
        referral_id: mailbox.id(),
        ..visit(&case.case_id, due)
    };
    mailbox.scene.supervisor.add_task(new).await.unwrap()
}

async fn get(actor: &Actor, task: &Task) -> Task {
    let request = GetTaskRequest { task_id: task.task_id.clone() };
    actor.tasks().get_task(request).await.unwrap().into_inner().task.unwrap()
}

#[tokio::test]
async fn every_mail_about_a_task_leads_to_the_referral_under_which_it_was_given() {
    let Some((mut mailbox, case)) = of_case().await else { return };
    mailbox.visitor().await.accept_referral(&mailbox.referral).await.unwrap();
    let task = give(&mailbox, &case, ("visit", "marker"), 0).await;
    let visitor = mailbox.visitor().await;
    assert_eq!(get(&visitor, &task).await.note, "marker");
    let answer = AnswerTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        accept: true,
        remark: String::new(),
    };
    visitor.tasks().answer_task(answer).await.unwrap();
    mailbox.scene.world.advance(2.0 * 86_400.0);
    assert_eq!(get(&mailbox.visitor().await, &task).await.state(), TaskState::Accepted, "it is late");
    let cancel = CancelTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        remark: "The aunt has come herself.".to_owned(),
    };
    mailbox.scene.supervisor.tasks().cancel_task(cancel).await.unwrap();
    assert_eq!(get(&mailbox.visitor().await, &task).await.state(), TaskState::Cancelled);
    let told = "SELECT string_agg(event, ' ' ORDER BY made_at) FROM helpline.deliveries WHERE event LIKE 'referral.task%'";
    assert_eq!(mailbox.scene.one(told), "referral.task_given referral.task_overdue referral.task_cancelled");
}

#[tokio::test]
async fn an_agency_answers_what_it_is_asked_to_do_by_keyboard_alone_and_from_right_to_left() {
    let Some(python) = helpline_devstack::python_client() else { return };
    let Some(browser) = Browser::start("ar").await else { return };
    let Some((mut mailbox, case)) = of_case().await else { return };
    mailbox.visitor().await.accept_referral(&mailbox.referral).await.unwrap();
    let first = give(&mailbox, &case, ("visit", "انتقلت خالته إلى الحي المجاور."), 0).await;
    let second = give(&mailbox, &case, ("school_place", "He speaks Arabic and some Russian."), 3600).await;
    let third = give(&mailbox, &case, ("bring_winter_clothes", ""), 7200).await;
    browser.resize(360, 740).await;
    open(&browser, &mut mailbox, "افتح").await;
    browser.reads("ما يُطلب منكم القيام به").await;
    let page = browser.text().await;
    for known in
        ["زيارة", "مكان في مدرسة", "bring winter clothes", "الحي المجاور", "some Russian", "بانتظار جوابكم"]
    {
        assert!(page.contains(known), "{known} in {page}");
    }
    let ids = "const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return new Set(ids).size === ids.length";
    assert_eq!(browser.ask(ids).await, true, "no id twice");
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());
    browser.picture("tasks-ar-narrow").await;

    browser.tab_to("سنقوم بها").await;
    browser.press(ENTER).await;
    browser.reads("سُجّل: جهتكم ستقوم بالمهمة").await;
    assert!(browser.focused().await.starts_with("سُجّل"), "who does not see it hears it first");
    let by = mailbox.scene.supervisor.clone();
    assert_eq!(by.task(&first.task_id).await.unwrap().state(), TaskState::Accepted, "the first due is first");
    browser.picture("task-accepted-ar-narrow").await;
    browser.tab_to("ملاحظة").await;
    browser.press("كان في البيت مع خالته").await;
    browser.press(TAB).await;
    assert_eq!(browser.focused().await, "أُنجزت المهمة");
    browser.press(ENTER).await;
    browser.reads("سُجّل: أُنجزت المهمة").await;
    assert_eq!(by.task(&first.task_id).await.unwrap().state(), TaskState::Completed);

    browser.tab_to("لا نستطيع القيام بها").await;
    browser.press(ENTER).await;
    browser.press(TAB).await;
    browser.press("لا أحد متاح").await;
    browser.picture("task-declining-ar-narrow").await;
    assert_eq!(barriers(&browser, &python).await, Vec::<String>::new());
    browser.press(TAB).await;
    browser.press(ENTER).await;
    browser.reads("سُجّل: جهتكم لا تستطيع القيام بالمهمة").await;
    let left = by.task(&second.task_id).await.unwrap();
    assert_eq!((left.agency_id.as_str(), left.declined_agency_ids.len()), ("", 1));
    let said = by.case_timeline(&case.case_id).await.unwrap();
    for remark in ["كان في البيت مع خالته", "لا أحد متاح"] {
        assert!(said.iter().any(|entry| entry.text == remark), "{remark}");
    }
    assert_eq!(by.task(&third.task_id).await.unwrap().state(), TaskState::Open);

    for (language, name) in [("ar", "العربية"), ("ru", "Русский"), ("en", "English")] {
        browser.tab_to(name).await;
        browser.press(ENTER).await;
        let there = format!(
            "return document.documentElement.lang === '{language}' && document.readyState === 'complete'"
        );
        until(language, async || browser.ask(&there).await.as_bool().filter(|there| *there)).await;
        browser.ask("document.querySelectorAll('details').forEach(e => { e.open = true })").await;
        let fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(browser.ask(fits).await, true, "nothing stands beside the screen in {language}");
        assert_eq!(barriers(&browser, &python).await, Vec::<String>::new(), "{language}");
        browser.picture(&format!("tasks-{language}-open-narrow")).await;
    }
    browser.quit().await;
}
