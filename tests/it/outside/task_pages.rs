//! What an agency is to do, on the page of the referral, asked for by somebody who is not always a browser.

use helpline_domain::id::AgencyId;
use helpline_proto::casework::v1::{AddTaskRequest, CancelTaskRequest, Task, TaskState};
use helpline_tests::casework::visit;
use helpline_tests::{Actor, request_id};

use super::site::{Page, Site};

/// An agency that has opened its link to a referral under which it was given a task.
struct Given {
    site: Site,
    supervisor: Actor,
    task: Task,
    path: String,
    cookie: String,
}

impl Given {
    async fn new() -> Self {
        let site = Site::new().await;
        let (linked, task) = site.world.link_to_task(site.agency).await;
        let supervisor = site.world.supervisor().await;
        let (path, cookie) = site.open(&linked).await;
        Self { site, supervisor, task, path, cookie }
    }

    async fn page(&self) -> Page {
        self.site.get(&self.path, &[("cookie", self.cookie.as_str())]).await
    }

    /// Sends the form of an answer as it stood on a page.
    async fn send(&self, page: &Page, answer: &str, filled: &[(&str, &str)]) -> Page {
        self.site.send((&self.path, &self.cookie), page, answer, filled).await
    }

    /// Answers, which is done and said on the page that follows.
    async fn done(&self, answer: &str, filled: &[(&str, &str)], said: &str) -> Page {
        let told = self.send(&self.page().await, answer, filled).await;
        let next = format!("{}?done={answer}", self.path);
        assert_eq!((told.status, told.header("location")), (303, next.as_str()), "{}", told.body);
        let page = self.site.get(&next, &[("cookie", self.cookie.as_str())]).await;
        assert!(page.body.contains(said), "{said} in {}", page.body);
        page
    }

    /// Gives another.
    async fn give(&self, task: &str, note: &str) -> Task {
        let new = AddTaskRequest {
            task: task.to_owned(),
            domain: String::new(),
            note: note.to_owned(),
            referral_id: self.task.referral_id.clone(),
            ..visit(&self.task.case_id, self.site.world.soon())
        };
        self.supervisor.add_task(new).await.unwrap()
    }

    async fn state(&self) -> TaskState {
        self.supervisor.task(&self.task.task_id).await.unwrap().state()
    }

    fn count(&self, event: &str) -> String {
        let sql = format!("SELECT count(*) FROM helpline.case_events WHERE event = '{event}'");
        self.site.world.database.query(&sql).unwrap()[0][0].clone().unwrap()
    }
}

#[tokio::test]
async fn an_agency_takes_a_task_on_and_says_that_it_is_done() {
    let given = Given::new().await;
    let page = given.page().await;
    let name = format!("Task {}: Visit", given.task.number);
    for known in
        ["What you are asked to do", &name, "The aunt has moved.", "Housing", "It waits for your answer"]
    {
        assert!(page.body.contains(known), "{known} in {}", page.body);
    }
    assert!(!page.body.contains(&given.task.case_id) && !page.body.contains(&given.task.owner_id));
    let page = given.done("task_accept", &[], "Noted: your agency does it").await;
    assert!(page.body.contains("You are doing it") && !page.offers("task_accept"));
    assert_eq!(given.state().await, TaskState::Accepted);
    let page = given.done("task_complete", &[("remark", "She was <well>.")], "Noted: it is done").await;
    assert_eq!(given.state().await, TaskState::Completed);
    for answer in ["task_accept", "task_complete", "task_decline"] {
        assert!(!page.offers(answer), "{answer} though it is done");
    }
    assert!(page.body.contains(&name) && page.body.contains("Done") && !page.body.contains("The aunt"));
    let title = page.body.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
    assert!(!title.contains("Visit"), "{title}");
    let said = given.supervisor.case_timeline(&given.task.case_id).await.unwrap();
    assert!(said.iter().any(|entry| entry.text == "She was <well>."));
}

#[tokio::test]
async fn what_is_declined_is_gone_and_a_second_click_happens_once() {
    let given = Given::new().await;
    let page = given.page().await;
    let no = [("remark", "Nobody is free.")];
    let clicks = tokio::join!(given.send(&page, "task_decline", &no), given.send(&page, "task_decline", &no));
    assert_eq!((clicks.0.status, clicks.1.status), (303, 303));
    assert_eq!(given.send(&page, "task_decline", &no).await.status, 303, "sent again from the history");
    assert_eq!(given.count("task_given_back"), "1");
    let after = given.page().await;
    assert!(!after.body.contains("What you are asked to do") && !after.body.contains("The aunt has moved."));
    let other = given.send(&page, "task_accept", &[]).await;
    assert_eq!(other.status, 409, "who has declined it takes it on no more");
    assert_eq!(given.count("task_accepted"), "0");
}

#[tokio::test]
async fn each_of_several_tasks_has_forms_of_its_own() {
    let given = Given::new().await;
    let second = given.give("bring_winter_clothes", "").await;
    let page = given.page().await;
    assert!(page.body.contains("<bdi dir=\"auto\">bring winter clothes</bdi>"), "{}", page.body);
    let mut ids: Vec<_> =
        page.body.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "no id twice");
    // A remark that is too long is said at the field of its task, where it still stands.
    let long = "x".repeat(2001);
    let filled = [("task", second.task_id.as_str()), ("remark", long.as_str())];
    let hidden = page.form("task_decline");
    let fields = hidden.iter().filter(|(name, _)| name != "task").map(|(name, value)| (&**name, &**value));
    let fields: Vec<_> = fields.chain(filled).collect();
    let told = given.site.post(&given.path, &fields, &[("cookie", given.cookie.as_str())]).await;
    let field = format!("task_decline-{}-remark", second.task_id);
    assert_eq!(told.status, 422);
    for known in [format!("href=\"#{field}\""), format!("id=\"{field}\""), long.clone()] {
        assert_eq!(told.body.matches(&known).count(), 1, "{known}");
    }
    assert_eq!(told.body.matches("<details open").count(), 1);
    assert_eq!(given.count("task_given_back"), "0");
}

#[tokio::test]
async fn a_task_that_was_taken_back_meanwhile_is_said_to_have_changed_and_what_was_written_stays() {
    let given = Given::new().await;
    let page = given.page().await;
    let cancel = CancelTaskRequest {
        request_id: request_id(),
        task_id: given.task.task_id.clone(),
        remark: "The aunt has come herself.".to_owned(),
    };
    given.supervisor.tasks().cancel_task(cancel).await.unwrap();
    let told = given.send(&page, "task_complete", &[("remark", "She was well.")]).await;
    assert_eq!(told.status, 409);
    for known in ["changed meanwhile", "You had written", "She was well.", "Not to be done any more"] {
        assert!(told.body.contains(known), "{known} in {}", told.body);
    }
    assert!(!told.body.contains("come herself"), "what the centre writes for itself");
}

#[tokio::test]
async fn a_form_about_what_is_not_theirs_does_nothing() {
    let given = Given::new().await;
    let agency: AgencyId = given.site.agency;
    let (_, others) = given.site.world.link_to_task(agency).await;
    let page = given.page().await;
    assert!(!page.body.contains(&others.task_id), "another referral of the same agency");
    for task in [others.task_id.as_str(), "x"] {
        let hidden = page.form("task_accept");
        let fields =
            hidden.iter().filter(|(name, _)| name != "task").map(|(name, value)| (&**name, &**value));
        let fields: Vec<_> = fields.chain([("task", task)]).collect();
        let told = given.site.post(&given.path, &fields, &[("cookie", given.cookie.as_str())]).await;
        assert_eq!(told.status, 409, "{task}");
    }
    assert_eq!((given.count("task_accepted").as_str(), given.state().await), ("0", TaskState::Open));
}
