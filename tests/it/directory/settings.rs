//! The centre and its settings.

use helpline_proto::directory::v1::{
    CasePlan, CasePlanStep, CaseSettings, Flood, GetCentreRequest, GetSettingsRequest, Hours,
    PublishSettingsRequest, Queue, QueueHours, RiskAnswer, RiskRule, Settings, TargetWait, ValveLevel,
    ValveSettings,
};
use helpline_proto::terms::v1::{Channel, PriorityClass, Risk, SkillLevel};
use helpline_tests::{Actor, World, refused, request_id};
use tonic::Code;

async fn settings(actor: &Actor, version: i64) -> Settings {
    let answer = actor.centre().get_settings(GetSettingsRequest { version }).await.unwrap();
    answer.into_inner().settings.unwrap()
}

fn publish(settings: Settings, expected_version: i64) -> PublishSettingsRequest {
    PublishSettingsRequest { request_id: request_id(), settings: Some(settings), expected_version }
}

#[expect(clippy::unnecessary_wraps, reason = "the fields of the messages are optional")]
const fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

fn queue(key: &str) -> Queue {
    Queue { queue: key.to_owned(), ..Queue::default() }
}

#[tokio::test]
async fn a_new_centre_has_complete_settings_that_every_role_may_read() {
    let world = World::start().await;
    let adapter = world.adapter().await;
    let centre = adapter.centre().get_centre(GetCentreRequest {}).await.unwrap().into_inner().centre.unwrap();
    assert_eq!(centre.centre_id, world.centre.id.to_string());
    assert_eq!((centre.name.as_str(), centre.settings_version), ("A centre", 1));
    assert!(centre.create_time.is_some());

    let settings = settings(&adapter, 0).await;
    assert_eq!(settings.version, 1);
    assert_eq!(settings.queues[0].queue, "general");
    let waits = |channel: Channel| {
        let of_channel = settings.target_waits.iter().filter(move |wait| wait.channel() == channel);
        of_channel.map(|wait| wait.wait.unwrap().seconds).collect::<Vec<_>>()
    };
    assert_eq!(waits(Channel::Unspecified), [15, 60, 180, 300]);
    assert_eq!((waits(Channel::Sms), waits(Channel::Email)), (vec![300, 900], vec![14_400, 86_400]));
    assert_eq!((settings.offer_timeout, settings.critical_offer_timeout), (seconds(20), seconds(10)));
    assert_eq!((settings.missed_offer_limit, settings.reserve, settings.reserve_from), (2, 2, 8));
    assert_eq!((settings.critical_offers, settings.cap, settings.high_cap), (2, seconds(1200), seconds(30)));
}

#[tokio::test]
async fn published_settings_hold_from_then_on_and_earlier_ones_stay_readable() {
    let world = World::start().await;
    let administrator = world.administrator();
    let mut centre = administrator.centre();
    let wait = TargetWait {
        channel: Channel::Voice.into(),
        priority_class: PriorityClass::High.into(),
        wait: seconds(30),
    };
    let night = Queue {
        display_names: [("EN".to_owned(), "Night".to_owned())].into(),
        required_skills: vec![SkillLevel { skill: "night".to_owned(), level: 2 }],
        target_waits: vec![wait],
        ..queue("night")
    };
    let new = Settings {
        queues: vec![queue("general"), night],
        offer_timeout: seconds(30),
        skills: vec!["night".to_owned()],
        ..Settings::default()
    };
    let request = publish(new, 1);
    let published = centre.publish_settings(request.clone()).await.unwrap().into_inner().settings.unwrap();
    assert_eq!(published.version, 2);
    assert_eq!((published.offer_timeout, published.cap), (seconds(30), seconds(1200)));
    assert_eq!(published.queues[1].display_names["en"], "Night");
    assert_eq!(published.queues[1].target_waits, [wait]);
    assert_eq!(settings(&administrator, 0).await, published);
    assert_eq!(settings(&administrator, 1).await.skills, Vec::<String>::new());
    let repeated = centre.publish_settings(request).await.unwrap().into_inner().settings.unwrap();
    assert_eq!(repeated, published);

    // What was read can be published as it is.
    let same = centre.publish_settings(publish(published.clone(), 2)).await.unwrap().into_inner().settings;
    assert_eq!(same.unwrap(), Settings { version: 3, ..published.clone() });
    let stale = refused(centre.publish_settings(publish(published, 2)).await);
    assert_eq!((stale.reason.as_str(), stale.metadata("revision")), ("REVISION_STALE", "3"));
    let none = refused(centre.get_settings(GetSettingsRequest { version: 9 }).await);
    assert_eq!(none.code, Code::NotFound);
}

#[tokio::test]
async fn every_setting_that_cannot_be_used_is_named() {
    let world = World::start().await;
    let mut centre = world.administrator().centre();
    let wait = |wait| TargetWait { priority_class: PriorityClass::Low.into(), wait, ..TargetWait::default() };
    let half = Some(prost_types::Duration { seconds: 9, nanos: 500_000_000 });
    let wrong = Settings {
        queues: vec![
            queue("general"),
            Queue {
                required_skills: vec![SkillLevel { skill: "unknown".to_owned(), level: 1 }],
                target_waits: vec![wait(None), wait(seconds(86_401))],
                ..queue("general")
            },
            queue("NO"),
        ],
        target_waits: vec![wait(seconds(5)), wait(seconds(6))],
        offer_timeout: seconds(2),
        critical_offer_timeout: seconds(301),
        missed_offer_limit: -1,
        cool_down: half,
        cap: seconds(1),
        reserve: 101,
        skills: vec!["a".to_owned(), "a".to_owned(), "A".to_owned()],
        ..Settings::default()
    };
    let refusal = refused(centre.publish_settings(publish(wrong, -1)).await);
    assert_eq!(
        refusal.fields,
        [
            "expected_version",
            "settings.skills[1]",
            "settings.skills[2]",
            "settings.queues[1].target_waits[0].wait",
            "settings.queues[1].target_waits[1].wait",
            "settings.queues[2].queue",
            "settings.target_waits[1]",
            "settings.offer_timeout",
            "settings.critical_offer_timeout",
            "settings.missed_offer_limit",
            "settings.cool_down",
            "settings.cap",
            "settings.reserve",
        ]
    );
    let wrong = Settings {
        queues: vec![
            queue("general"),
            Queue {
                required_skills: vec![SkillLevel { skill: "unknown".to_owned(), level: 1 }],
                ..queue("general")
            },
        ],
        risk_rules: vec![
            RiskRule { rule: "weapon".to_owned(), raise_to: Risk::HarmNow.into(), ..RiskRule::default() },
            RiskRule {
                rule: "weapon".to_owned(),
                phrases: vec![" * ".to_owned()],
                answers: vec![RiskAnswer { question: "X".to_owned(), values: Vec::new() }],
                ..RiskRule::default()
            },
        ],
        flood: Some(Flood { most_waiting: -1, window: seconds(9), ..Flood::default() }),
        ..Settings::default()
    };
    let refusal = refused(centre.publish_settings(publish(wrong, 0)).await);
    assert_eq!(
        refusal.fields,
        [
            "settings.queues[1].required_skills",
            "settings.queues[1].queue",
            "settings.risk_rules[0].phrases",
            "settings.risk_rules[1].raise_to",
            "settings.risk_rules[1].phrases[0]",
            "settings.risk_rules[1].answers[0].question",
            "settings.risk_rules[1].answers[0].values",
            "settings.flood.most_waiting",
            "settings.flood.window",
        ]
    );
    let level = |waiting_percent| ValveLevel { waiting_percent, ..ValveLevel::default() };
    let valve = |levels: &[ValveLevel]| Settings {
        queues: vec![queue("general")],
        valve: Some(ValveSettings { levels: levels.to_vec(), ..ValveSettings::default() }),
        ..Settings::default()
    };
    let three = valve(&[level(100), level(200), level(-1)]);
    let early = valve(&[level(100), level(90), level(0), level(400)]);
    let mut shares = valve(&[]);
    shares.valve = Some(ValveSettings { ends_below_percent: 96, stretch_percent: 99, ..Default::default() });
    for (wrong, fields) in [
        (three, vec!["settings.valve.levels[2].waiting_percent"]),
        (valve(&[level(100)]), vec!["settings.valve.levels"]),
        (early, vec!["settings.valve.levels[1]", "settings.valve.levels[3]"]),
        (shares, vec!["settings.valve.ends_below_percent", "settings.valve.stretch_percent"]),
    ] {
        assert_eq!(refused(centre.publish_settings(publish(wrong, 0)).await).fields, fields);
    }
    let plan = |plan: &str| CasePlan {
        plan: plan.to_owned(),
        steps: vec![CasePlanStep {
            task: "call".to_owned(),
            first_day: 1,
            times: 1,
            ..CasePlanStep::default()
        }],
    };
    let plans = CaseSettings { plans: vec![plan("calls"), plan("after_stay")], ..CaseSettings::default() };
    let wrong = Settings { queues: vec![queue("general")], cases: Some(plans), ..Settings::default() };
    assert_eq!(
        refused(centre.publish_settings(publish(wrong, 0)).await).fields,
        ["settings.cases.plans[1].plan"]
    );
    let none = refused(centre.publish_settings(publish(Settings::default(), 0)).await);
    assert_eq!(none.fields, ["settings.queues"]);
}

#[tokio::test]
async fn opening_hours_are_read_before_they_are_published() {
    let world = World::start().await;
    let mut centre = world.administrator().centre();
    let own = |key: &str| QueueHours { queue: key.to_owned(), ..QueueHours::default() };
    let hours = Hours {
        time_zone: "Asia/Qatar".to_owned(),
        opening_hours: "Su-Th 07:00-22:00; PH off".to_owned(),
        holidays: "KZ".to_owned(),
        closed_dates: vec!["2026-12-18".to_owned()],
        queues: vec![QueueHours { fallback_queue: "night".to_owned(), ..own("general") }],
        on_call_offer_timeout: seconds(90),
    };
    let with = |hours: Hours| Settings {
        queues: vec![queue("general"), queue("night")],
        hours: Some(hours),
        ..Settings::default()
    };
    let published = centre.publish_settings(publish(with(hours.clone()), 0)).await.unwrap().into_inner();
    assert_eq!(published.settings.unwrap().hours, Some(hours.clone()));
    let silent = Settings { hours: None, ..with(hours.clone()) };
    let usual = centre.publish_settings(publish(silent, 0)).await.unwrap().into_inner().settings.unwrap();
    let usual = usual.hours.unwrap();
    assert_eq!((usual.time_zone.as_str(), usual.on_call_offer_timeout), ("UTC", seconds(60)));

    let wrong = Hours {
        time_zone: "Asia/Atlantis".to_owned(),
        opening_hours: "when we are there".to_owned(),
        holidays: "XX".to_owned(),
        closed_dates: vec!["2026-12-18".to_owned(), "2026-02-30".to_owned(), "18.12.2026".to_owned()],
        queues: vec![
            QueueHours { fallback_queue: "general".to_owned(), ..own("general") },
            QueueHours { fallback_queue: "elsewhere".to_owned(), ..own("night") },
            QueueHours { opening_hours: "Mo-".to_owned(), ..own("night") },
            own("elsewhere"),
        ],
        on_call_offer_timeout: seconds(9),
    };
    let refusal = refused(centre.publish_settings(publish(with(wrong), 0)).await);
    assert_eq!(
        refusal.fields,
        [
            "settings.hours.time_zone",
            "settings.hours.holidays",
            "settings.hours.opening_hours",
            "settings.hours.closed_dates[1]",
            "settings.hours.closed_dates[2]",
            "settings.hours.queues[0].fallback_queue",
            "settings.hours.queues[1].fallback_queue",
            "settings.hours.queues[2].queue",
            "settings.hours.queues[2].opening_hours",
            "settings.hours.queues[3].queue",
            "settings.hours.on_call_offer_timeout",
        ]
    );
}

#[tokio::test]
async fn only_an_administrator_publishes_settings() {
    let world = World::start().await;
    let current = settings(&world.administrator(), 0).await;
    let refusal = refused(world.supervisor().await.centre().publish_settings(publish(current, 0)).await);
    assert_eq!(refusal.reason, "ROLE_REFUSED");
}
