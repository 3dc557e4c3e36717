//! A focal point is there at its hours, and signs with its key.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use helpline_proto::crossborder::v1::{CrossBorderState, SignCrossBorderCertificateRequest};
use helpline_proto::directory::v1::{
    CrossBorderFocalPoint, GetSettingsRequest, PublishSettingsRequest, Settings,
};
use helpline_tests::crossborder::{arrive, check, consent, offer, prepare};
use helpline_tests::request_id;
use tonic::Code;

use super::room::{Border, DAY, HOUR, signing};
use crate::stage::{until, why};

/// The focal points of Jordan.
fn points(settings: &mut Settings) -> &mut Vec<CrossBorderFocalPoint> {
    &mut settings.cross_border.as_mut().unwrap().countries[0].focal_points
}

/// A hand-over that may be offered; the id.
async fn ready(border: &Border) -> String {
    let amina = &border.amina;
    let case = amina.case_of_child().await.case_id;
    let id = amina.prepare_handover(prepare(&case)).await.unwrap().crossborder_id;
    amina.cross_border().record_cross_border_consent(consent(&id, border.first.0)).await.unwrap();
    amina.check_handover(check(&id, false)).await.unwrap();
    id
}

/// Hours of one day that is so many days away, and when they begin in Greenwich.
fn on_a_day(border: &Border, days: i64) -> (String, i64) {
    let begins = border.later(days * DAY).seconds / DAY * DAY + 8 * HOUR;
    let day = border
        .stage
        .value(&format!("SELECT to_char(to_timestamp({begins}) AT TIME ZONE 'UTC', 'YYYY Mon DD')"));
    (format!("{day} 08:00-09:00"), begins)
}

#[tokio::test]
async fn who_is_asked_while_nobody_is_there_answers_from_when_somebody_is() {
    let border = Border::new().await;
    let amina = &border.amina;
    // Three hours in front of Greenwich: in an hour of the clock that begins two hours from the one that is now.
    let opens = border.later(0).seconds / HOUR * HOUR + 2 * HOUR;
    let there = (opens / HOUR + 3) % 24;
    let (far, _) = on_a_day(&border, 20);
    let set = |settings: &mut Settings| {
        let [first, second] = &mut points(settings)[..] else { panic!("two of them") };
        first.hours = format!("{there:02}:00-{there:02}:59");
        first.time_zone = "Asia/Qatar".to_owned();
        second.hours = far;
        second.time_zone = "UTC".to_owned();
    };
    border.stage.world.change_settings(set).await;
    let id = ready(&border).await;
    let offered = amina.offer_abroad(offer(&id)).await.unwrap();
    assert_eq!(offered.due_time.unwrap().seconds, opens + 2 * DAY);

    // The next is not there for longer than anybody waits.
    border.wait(opens + 2 * DAY - border.later(0).seconds + 1);
    let next = until("the fallback is asked", async || {
        let now = amina.handover_abroad(&id).await.unwrap();
        (now.offers.len() == 2).then_some(now)
    })
    .await;
    let due = next.due_time.unwrap().seconds - border.later(0).seconds;
    assert!((2 * DAY - 60..=2 * DAY).contains(&due), "{due}");
}

#[tokio::test]
async fn somebody_is_waited_for_for_a_week_and_hours_of_nowhere_are_for_people_to_read() {
    let border = Border::new().await;
    let (soon, begins) = on_a_day(&border, 6);
    let hours = soon.clone();
    let counted = move |settings: &mut Settings| {
        points(settings)[0].hours = hours;
        points(settings)[0].time_zone = "UTC".to_owned();
    };
    border.stage.world.change_settings(counted).await;
    let offered = border.amina.offer_abroad(offer(&ready(&border).await)).await.unwrap();
    assert_eq!(offered.due_time.unwrap().seconds, begins + 2 * DAY);
    border.stage.world.change_settings(|settings| points(settings)[0].time_zone.clear()).await;
    let offered = border.amina.offer_abroad(offer(&ready(&border).await)).await.unwrap();
    let due = offered.due_time.unwrap().seconds - border.later(0).seconds;
    assert!((2 * DAY - 60..=2 * DAY).contains(&due), "{due}");
}

#[tokio::test]
async fn what_is_no_key_no_zone_or_no_hours_is_refused_where_it_stands() {
    let border = Border::new().await;
    let mut client = border.stage.world.administrator().centre();
    let now =
        client.get_settings(GetSettingsRequest::default()).await.unwrap().into_inner().settings.unwrap();
    for (field, wrong) in [("public_key", "whsk_secret"), ("time_zone", "Amman"), ("hours", "mornings")] {
        let mut settings = now.clone();
        let point = &mut points(&mut settings)[0];
        let place = match field {
            "public_key" => &mut point.public_key,
            "time_zone" => &mut point.time_zone,
            _ => &mut point.hours,
        };
        wrong.clone_into(place);
        let publish = PublishSettingsRequest {
            request_id: request_id(),
            settings: Some(settings),
            expected_version: 0,
        };
        let refused = why(client.publish_settings(publish).await);
        let place = format!("settings.cross_border.countries[0].focal_points[0].{field}");
        assert_eq!(refused.fields, [place]);
    }
}

#[tokio::test]
async fn a_focal_point_that_has_a_key_signs_with_it_and_nobody_else_in_its_name() {
    let border = Border::new().await;
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let key = format!("whpk_{}", STANDARD.encode(pair.public_key().as_ref()));
    let set = |settings: &mut Settings| points(settings)[0].public_key.clone_from(&key);
    border.stage.world.change_settings(set).await;
    let id = border.departed().await;
    let (amina, there) = (&border.amina, &border.first.1);
    // Whoever changes the settings afterwards signs in nobody's name: the key is that of when they accepted.
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let newer = format!("whpk_{}", STANDARD.encode(other.public_key().as_ref()));
    border.stage.world.change_settings(|settings| points(settings)[0].public_key = newer).await;
    let arrived = there.child_arrives(arrive(&id)).await.unwrap();
    let document = arrived.certificate.as_ref().unwrap().document.clone();
    let with = |signature: String| SignCrossBorderCertificateRequest { signature, ..signing(&arrived) };
    let signed = |by: &Ed25519KeyPair, what: &str| STANDARD.encode(by.sign(what.as_bytes()));

    assert!(document.contains(&format!("receiving_key: {key}\n")), "{document}");
    let changed = document.replacen("country: JO", "country: SY", 1);
    assert_ne!(changed, document);
    for wrong in
        [String::new(), "x".to_owned(), "x".repeat(89), signed(&other, &document), signed(&pair, &changed)]
    {
        let refused = why(there.sign_certificate(with(wrong)).await);
        assert_eq!((refused.code, refused.fields), (Code::InvalidArgument, vec!["signature".to_owned()]));
    }
    let unasked = why(amina.sign_certificate(with(signed(&pair, &document))).await);
    assert_eq!(unasked.fields, ["signature"], "the sending side has no key here");
    amina.sign_certificate(signing(&arrived)).await.unwrap();
    let signature = signed(&pair, &document);
    let both = there.sign_certificate(with(signature.clone())).await.unwrap();
    assert_eq!(both.state(), CrossBorderState::HandedOver);

    let certificate = amina.handover_abroad(&id).await.unwrap().certificate.unwrap();
    assert_eq!((certificate.receiving_key, certificate.receiving_signature), (key, signature));
    assert_eq!(certificate.document, document);
}
