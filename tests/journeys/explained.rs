//! Reasons in words, and what other staffing would change.

use helpline_proto::queueing::v1::watch_offers_response::Event;
use helpline_proto::queueing::v1::{
    ExplainWaitingRequest, Forecast, ForecastStaffingRequest, Offer, WaitingCause, WatchOffersRequest,
};
use helpline_proto::terms::v1::PriorityClass;
use helpline_tests::{Abilities, Actor};
use tonic::Code;

use crate::stage::{Stage, call, why};

/// The first offer that a stream in a language shows.
async fn offer_in(actor: &Actor, locale: &str) -> Offer {
    let request = WatchOffersRequest { after_cursor: String::new(), locale: locale.to_owned() };
    let mut stream = actor.offers().watch_offers(request).await.unwrap().into_inner();
    loop {
        if let Some(Event::Opened(offer)) = stream.message().await.unwrap().unwrap().event {
            return offer;
        }
    }
}

/// Whether a text is told in the letters of a language.
fn is_told_in(locale: &str, text: &str) -> bool {
    let range = match locale {
        "ar" => '\u{600}'..='\u{6ff}',
        "ru" => '\u{400}'..='\u{4ff}',
        _ => 'A'..='z',
    };
    text.chars().filter(|letter| range.contains(letter)).count() > 10
}

#[tokio::test]
async fn why_a_child_waits_and_why_it_was_offered_is_told_in_the_language_of_who_asks() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    let waiting = stage.receive(call("ru")).await;
    stage.receive(call("ar")).await;
    amina.next_offer().await;
    let mut texts = Vec::new();
    for locale in ["ar", "ru", "en", "fr", ""] {
        let request =
            ExplainWaitingRequest { contact_id: waiting.contact_id.clone(), locale: locale.to_owned() };
        let answer = stage.supervisor.line().explain_waiting(request).await.unwrap().into_inner();
        let said = answer.explanation.unwrap();
        assert_eq!(said.cause(), WaitingCause::NobodyOnShift, "the codes are there whatever the language");
        let offer = offer_in(&amina.actor, locale).await;
        let reason = offer.explanation.unwrap();
        assert_eq!(reason.counsellor_rule, "only_one");
        for text in [&said.text, &reason.text] {
            assert!(is_told_in(locale, text), "{locale}: {text}");
        }
        texts.push(reason.text);
    }
    assert_eq!((&texts[3], &texts[4]), (&texts[2], &texts[2]), "English for who has no other");
    // What does not wait is explained too.
    let request =
        ExplainWaitingRequest { contact_id: stage.leave(&waiting).await.contact_id, locale: "ru".to_owned() };
    let answer = stage.supervisor.line().explain_waiting(request).await.unwrap().into_inner();
    let said = answer.explanation.unwrap();
    assert_eq!(said.cause(), WaitingCause::NotWaiting);
    assert!(is_told_in("ru", &said.text), "{}", said.text);
}

#[tokio::test]
async fn a_supervisor_can_ask_what_one_counsellor_more_would_change() {
    let stage = Stage::set().await;
    let amina = stage.desk(Abilities::speaking(&["ar"])).await;
    amina.not_ready().await;
    // Far more come than one can answer.
    for number in 0..30 {
        let contact = stage.receive(call("ar")).await;
        if number % 3 == 0 {
            stage.world.advance(20.0);
            stage.leave(&contact).await;
        }
    }
    let forecast = async |more, fewer| {
        let request = ForecastStaffingRequest { more, fewer };
        let answer = stage.supervisor.supervision().forecast_staffing(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let answer = forecast(3, 0).await.unwrap();
    assert_eq!((answer.observed_contacts, answer.observed_period.unwrap().seconds), (30, 7200));
    let (now, then) = (answer.now.unwrap(), answer.then.unwrap());
    assert_eq!((now.counsellors, then.counsellors), (1, 4));
    let high = |forecast: &Forecast| {
        let class = forecast.classes.iter().find(|of| of.priority_class() == PriorityClass::High);
        *class.expect("calls of that class come")
    };
    let (now, then) = (high(&now), high(&then));
    assert!((0.0..=1.0).contains(&now.in_target_share) && (0.0..=1.0).contains(&now.abandoned_share));
    assert!(then.in_target_share > now.in_target_share, "{now:?} {then:?}");
    assert!(then.p95_wait.unwrap().seconds <= now.p95_wait.unwrap().seconds, "{now:?} {then:?}");
    let both = why(forecast(1, 1).await);
    assert_eq!((both.code, both.fields), (Code::InvalidArgument, vec!["fewer".to_owned()]));
}
