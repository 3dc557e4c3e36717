//! Who can take what.

use helpline_proto::intake::v1::{ContactState, Outlook, ReceiveContactRequest};
use helpline_proto::queueing::v1::WaitingCause;
use helpline_tests::Abilities;

use crate::stage::{Stage, call, chat, skill};

#[tokio::test]
async fn only_who_speaks_the_language_is_offered_the_contact() {
    let stage = Stage::set().await;
    let russian = stage.desk(Abilities::speaking(&["ru"])).await;
    let arabic = stage.desk(Abilities::speaking(&["ar", "en"])).await;
    let contact = stage.receive(call("ar")).await;
    arabic.offered(&contact).await;
    let second = stage.received(call("ar")).await;
    assert_eq!(second.outlook(), Outlook::Served);
    let why = stage.until_cause(second.contact.as_ref().unwrap(), WaitingCause::AllBusy).await;
    assert_eq!((why.eligible_on_shift, why.eligible_free, why.lacking_language), (1, 0, 1));
    stage.a_pass().await;
    assert!(!russian.watch.has_offer().await);
}

#[tokio::test]
async fn a_bare_language_answers_its_dialects_but_one_dialect_not_another() {
    let stage = Stage::set().await;
    let moroccan = stage.desk(Abilities::speaking(&["ar-ma"])).await;
    let qatari = stage.receive(chat("ar-QA")).await;
    stage.until_cause(&qatari, WaitingCause::NobodyOnShift).await;
    let any = stage.desk(Abilities::speaking(&["ar"])).await;
    assert_eq!(any.offered(&qatari).await.language, "ar-qa");
    assert!(!moroccan.watch.has_offer().await);
}

#[tokio::test]
async fn an_unknown_language_is_anybodys() {
    let stage = Stage::set().await;
    let kazakh = stage.desk(Abilities::speaking(&["kk"])).await;
    let contact = stage.receive(call("")).await;
    assert_eq!(kazakh.offered(&contact).await.language, "");
}

#[tokio::test]
async fn only_who_has_every_skill_at_its_level_is_offered_the_contact() {
    let stage = Stage::set().await;
    let abilities = || Abilities::speaking(&["en"]).taking(1, 1, 1);
    let novice = stage.desk(abilities().skilled("suicide", 2)).await;
    let other = stage.desk(abilities().skilled("deaf", 5)).await;
    let wanted = vec![skill("suicide", 3)];
    let contact = stage.receive(ReceiveContactRequest { required_skills: wanted, ..call("en") }).await;
    let why = stage.until_cause(&contact, WaitingCause::NobodyOnShift).await;
    assert_eq!((why.lacking_skill, why.eligible_on_shift), (2, 0));
    let expert = stage.desk(abilities().skilled("suicide", 3)).await;
    expert.offered(&contact).await;
    assert!(!novice.watch.has_offer().await && !other.watch.has_offer().await);
}

#[tokio::test]
async fn the_skills_of_the_queue_are_asked_for_beside_those_of_the_contact() {
    let stage = Stage::set().await;
    let plain = stage.desk(Abilities::speaking(&["en"])).await;
    let skilled = stage.desk_off_shift(Abilities::speaking(&["en"]).skilled("night", 2)).await;
    stage
        .world
        .change_settings(|settings| {
            settings.queues.push(helpline_proto::directory::v1::Queue {
                queue: "night".to_owned(),
                required_skills: vec![skill("night", 2)],
                ..helpline_proto::directory::v1::Queue::default()
            });
        })
        .await;
    let contact = stage.receive(ReceiveContactRequest { queue: "night".to_owned(), ..call("en") }).await;
    assert_eq!(contact.required_skills, [skill("night", 2)]);
    stage.until_cause(&contact, WaitingCause::NobodyOnShift).await;
    skilled.ready().await;
    assert_eq!(skilled.offered(&contact).await.queue, "night");
    assert!(!plain.watch.has_offer().await);
}

#[tokio::test]
async fn nobody_on_shift_is_said_at_once_and_the_first_who_can_is_offered_the_contact() {
    let stage = Stage::set().await;
    let chats_only = stage.desk(Abilities::speaking(&["ar"]).taking(0, 2, 0)).await;
    let on_a_break = stage.desk_off_shift(Abilities::speaking(&["ru"])).await;
    on_a_break.not_ready().await;
    let taken = stage.received(call("ar")).await;
    assert_eq!(taken.outlook(), Outlook::NobodyOnShift);
    let contact = taken.contact.unwrap();
    assert_eq!(contact.state(), ContactState::Waiting);
    let why = stage.explain(&contact).await;
    assert_eq!(why.cause(), WaitingCause::NobodyOnShift);
    assert_eq!((why.lacking_channel, why.lacking_language), (1, 1));
    // Somebody on a break is on shift: the contact is not told to go elsewhere.
    assert_eq!(stage.received(call("ru")).await.outlook(), Outlook::Served);

    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let offer = amina.offered(&contact).await;
    assert_eq!(stage.explain(&contact).await.cause(), WaitingCause::BeingOffered);
    amina.accept(&offer).await;
    assert_eq!(stage.explain(&contact).await.cause(), WaitingCause::NotWaiting);
    assert!(!chats_only.watch.has_offer().await);
    amina.offline().await;
    assert_eq!(stage.received(call("ar")).await.outlook(), Outlook::NobodyOnShift);
}

#[tokio::test]
async fn among_those_who_can_the_least_skilled_is_asked_first_and_then_the_longest_idle() {
    let stage = Stage::set().await;
    let polyglot = stage.desk(Abilities::speaking(&["ar", "en", "ru"])).await;
    let first = stage.desk(Abilities::speaking(&["ar"])).await;
    let second = stage.desk(Abilities::speaking(&["ar"])).await;
    for (desk, rule) in [(&first, "longest_idle"), (&second, "fewest_other_skills"), (&polyglot, "only_one")]
    {
        let contact = stage.receive(call("ar")).await;
        let offer = desk.offered(&contact).await;
        assert_eq!(offer.explanation.as_ref().unwrap().counsellor_rule, rule);
    }
}

#[tokio::test]
async fn nobody_gets_a_second_chat_while_somebody_else_has_none() {
    let stage = Stage::set().await;
    let desks =
        [stage.desk(Abilities::speaking(&["ar"])).await, stage.desk(Abilities::speaking(&["ar"])).await];
    for held in 1..=2 {
        for (desk, rule) in desks.iter().zip(["longest_idle", "lowest_load"]) {
            let contact = stage.receive(chat("ar")).await;
            let offer = desk.offered(&contact).await;
            assert_eq!(
                offer.explanation.as_ref().unwrap().counsellor_rule,
                if held == 2 && rule == "lowest_load" { "only_one" } else { rule }
            );
            desk.accept(&offer).await;
            assert_eq!(desk.held().await, (0, held, 0));
        }
    }
}
