//! Places and holds on them: never more than there is, and a hold has one end.

use helpline_proto::referral::v1::{
    Capacity, ChoiceState, ConfirmHoldRequest, GetOccupancyRequest, Hold, HoldState, ListCapacitiesRequest,
    ListHoldsRequest, PlaceHoldRequest, RejectReason, ReleaseHoldRequest, SetCapacityRequest,
    VacateHoldRequest,
};
use helpline_tests::{Actor, request_id};
use prost_types::Duration;
use tonic::{Code, Status};

use super::room::{Partner, choices, reject, sent};
use crate::stage::{Stage, until, why};

pub(crate) async fn set(actor: &Actor, service: &str, maximum: i32, out: i32) -> Result<Capacity, Status> {
    let request = SetCapacityRequest {
        request_id: request_id(),
        service_id: service.to_owned(),
        unit: "bed".to_owned(),
        maximum,
        out_of_service: out,
    };
    Ok(actor.capacity().set_capacity(request).await?.into_inner().capacity.unwrap())
}

pub(crate) fn hold(services: &[&str], count: i32) -> PlaceHoldRequest {
    PlaceHoldRequest {
        request_id: request_id(),
        unit: "bed".to_owned(),
        service_ids: services.iter().map(|&id| id.to_owned()).collect(),
        count,
        lifetime: Some(Duration { seconds: 60, nanos: 0 }),
        referral_id: String::new(),
    }
}

pub(crate) async fn place(actor: &Actor, request: PlaceHoldRequest) -> Result<Hold, Status> {
    Ok(actor.capacity().place_hold(request).await?.into_inner().hold.unwrap())
}

pub(super) async fn confirm(actor: &Actor, of: &Hold) -> Result<Hold, Status> {
    let request = ConfirmHoldRequest { request_id: request_id(), hold_id: of.hold_id.clone() };
    Ok(actor.capacity().confirm_hold(request).await?.into_inner().hold.unwrap())
}

pub(super) async fn release(actor: &Actor, of: &Hold) -> Result<Hold, Status> {
    let request = ReleaseHoldRequest { request_id: request_id(), hold_id: of.hold_id.clone() };
    Ok(actor.capacity().release_hold(request).await?.into_inner().hold.unwrap())
}

pub(super) async fn vacate(actor: &Actor, of: &Hold) -> Result<Hold, Status> {
    let request = VacateHoldRequest { request_id: request_id(), hold_id: of.hold_id.clone() };
    Ok(actor.capacity().vacate_hold(request).await?.into_inner().hold.unwrap())
}

/// Available, held, occupied.
pub(super) async fn used(actor: &Actor, service: &str) -> (i32, i32, i32) {
    let list = actor.capacity().list_capacities(ListCapacitiesRequest::default()).await.unwrap().into_inner();
    let one = list.capacities.into_iter().find(|one| one.service_id == service).unwrap();
    (one.available, one.held, one.occupied)
}

pub(super) async fn live(actor: &Actor) -> usize {
    actor.capacity().list_holds(ListHoldsRequest::default()).await.unwrap().into_inner().holds.len()
}

#[tokio::test]
async fn a_bed_is_held_lived_in_and_free_again() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    let (inside, outside) = (&stage.supervisor, &shelter.responder);
    assert_eq!(set(outside, &shelter.service, 3, 1).await.unwrap().available, 2);
    let one = place(inside, hold(&[&shelter.service], 1)).await.unwrap();
    assert_eq!((one.state(), used(inside, &shelter.service).await), (HoldState::Held, (1, 1, 0)));
    confirm(outside, &one).await.unwrap();
    assert_eq!(used(outside, &shelter.service).await, (1, 0, 1));
    let full = why(set(outside, &shelter.service, 1, 1).await);
    assert_eq!(full.fields, ["maximum"], "whoever lives there is not counted away");
    assert_eq!(why(release(outside, &one).await).metadata("state"), "confirmed");
    vacate(outside, &one).await.unwrap();
    assert_eq!(why(vacate(outside, &one).await).metadata("state"), "vacated");
    let again = place(inside, hold(&[&shelter.service], 2)).await.unwrap();
    assert_eq!(live(inside).await, 1);
    release(inside, &again).await.unwrap();
    assert_eq!((used(inside, &shelter.service).await, live(inside).await), ((2, 0, 0), 0));
}

#[tokio::test]
async fn of_a_hundred_who_ask_for_the_last_bed_one_has_it_and_the_others_have_the_next_shelter_or_a_clear_no()
{
    let stage = Stage::set().await;
    let (first, second) = (Partner::new(&stage).await, Partner::new(&stage).await);
    set(&stage.supervisor, &first.service, 1, 0).await.unwrap();
    set(&stage.supervisor, &second.service, 1, 0).await.unwrap();
    let referral = sent(&stage, &[&first, &second]).await;
    let wish = PlaceHoldRequest { referral_id: referral.referral_id, ..hold(&[&first.service], 1) };
    let ask = (0..100)
        .map(|_| place(&stage.supervisor, PlaceHoldRequest { request_id: request_id(), ..wish.clone() }));
    let answers = futures_util::future::join_all(ask).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refused in answers.into_iter().filter(Result::is_err).map(why) {
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "NO_ROOM"));
        assert_eq!(refused.metadata("next_service_id"), second.service);
    }
    assert_eq!(used(&stage.supervisor, &first.service).await, (0, 1, 0));
    let next = place(&stage.supervisor, hold(&[&first.service, &second.service], 1)).await.unwrap();
    assert_eq!(next.service_id, second.service, "the next choice at once");
    let none = why(place(&stage.supervisor, hold(&[&first.service, &second.service], 1)).await);
    assert_eq!((none.reason.as_str(), none.metadata("tried")), ("NO_ROOM", "2"));
}

#[tokio::test]
async fn what_nobody_confirms_in_time_is_free_again_and_is_not_confirmed_late() {
    let stage = Stage::set().await;
    let shelter = Partner::new(&stage).await;
    set(&stage.supervisor, &shelter.service, 1, 0).await.unwrap();
    let one = place(&stage.supervisor, hold(&[&shelter.service], 1)).await.unwrap();
    stage.world.advance(61.0);
    assert_eq!(why(confirm(&shelter.responder, &one).await).metadata("state"), "expired");
    // Also before anybody has swept: who asks now is not refused for somebody who did not come.
    let other = place(&stage.supervisor, hold(&[&shelter.service], 1)).await.unwrap();
    stage.world.advance(61.0);
    until("the hold has run out", async || {
        (used(&stage.supervisor, &shelter.service).await == (1, 0, 0)).then_some(())
    })
    .await;
    assert_eq!(why(confirm(&shelter.responder, &other).await).metadata("state"), "expired");
    assert_eq!(live(&stage.supervisor).await, 0);
}

/// Somebody asks for a place in one of two shelters, and comes or does not. Of the same hold two say something else at once.
async fn guest(by: &Actor, shelters: &[Partner; 2], number: usize) {
    let services = [number % 2, (number + 1) % 2].map(|index| shelters[index].service.as_str());
    let count = if number.is_multiple_of(5) { 2 } else { 1 };
    let Ok(held) = place(by, hold(&services, count)).await else { return };
    let (confirmed, _) = tokio::join!(confirm(by, &held), async {
        if number.is_multiple_of(3) { release(by, &held).await.ok() } else { None }
    });
    if confirmed.is_ok() && number.is_multiple_of(2) {
        vacate(by, &held).await.unwrap();
    }
}

#[tokio::test]
async fn units_agree_with_their_holds_after_any_interleaving() {
    let stage = Stage::set().await;
    let shelters = [Partner::new(&stage).await, Partner::new(&stage).await];
    for shelter in &shelters {
        set(&stage.supervisor, &shelter.service, 6, 1).await.unwrap();
    }
    let guests = (0..60).map(|number| guest(&stage.supervisor, &shelters, number));
    futures_util::future::join_all(guests).await;
    let differ = "SELECT count(*) FROM helpline.capacities k WHERE (k.held, k.occupied) <> (
            SELECT coalesce(sum(h.count) FILTER (WHERE h.state = 'held'), 0),
                coalesce(sum(h.count) FILTER (WHERE h.state = 'confirmed'), 0)
            FROM helpline.holds h WHERE h.service_id = k.service_id AND h.unit = k.unit)";
    assert_eq!(stage.value(differ), "0");
    assert_ne!(
        stage.value("SELECT count(*) FROM helpline.holds WHERE state = 'vacated'"),
        "0",
        "somebody stayed"
    );
}

#[tokio::test]
async fn an_agency_decides_about_its_own_places_alone_and_does_not_learn_whom_they_are_for() {
    let stage = Stage::set().await;
    let (shelter, stranger) = (Partner::new(&stage).await, Partner::new(&stage).await);
    set(&shelter.responder, &shelter.service, 2, 0).await.unwrap();
    let referral = sent(&stage, &[&shelter]).await;
    let wish = PlaceHoldRequest { referral_id: referral.referral_id.clone(), ..hold(&[&shelter.service], 1) };
    let one = place(&stage.supervisor, wish).await.unwrap();
    assert_eq!(one.referral_id, referral.referral_id);
    assert_eq!(why(set(&stranger.responder, &shelter.service, 9, 0).await).metadata("resource"), "service");
    assert_eq!(why(confirm(&stranger.responder, &one).await).metadata("resource"), "hold");
    assert_eq!(live(&stranger.responder).await, 0);
    assert!(confirm(&shelter.responder, &one).await.unwrap().referral_id.is_empty());
}

#[tokio::test]
async fn a_full_service_is_passed_over_unless_it_keeps_a_place_for_this_child() {
    let stage = Stage::set().await;
    let (full, other) = (Partner::new(&stage).await, Partner::new(&stage).await);
    set(&stage.supervisor, &full.service, 0, 0).await.unwrap();
    let referral = sent(&stage, &[&full, &other]).await;
    assert_eq!(choices(&referral), [ChoiceState::Skipped, ChoiceState::Offered]);

    set(&stage.supervisor, &full.service, 1, 0).await.unwrap();
    let draft = super::room::to(&stage, &[&full, &other]).await;
    let referral = stage.supervisor.draft_referral(draft).await.unwrap();
    for partner in [&full, &other] {
        let agree = helpline_tests::referral::consent(&referral, partner.agency);
        stage.supervisor.consents().record_consent(agree).await.unwrap();
    }
    let wish = PlaceHoldRequest { referral_id: referral.referral_id.clone(), ..hold(&[&full.service], 1) };
    place(&stage.supervisor, wish).await.unwrap();
    let referral = stage.supervisor.send_referral(&referral).await.unwrap();
    assert_eq!(choices(&referral), [ChoiceState::Offered, ChoiceState::Waiting]);
    assert_eq!(used(&stage.supervisor, &full.service).await, (0, 1, 0));
    reject(&full.responder, &referral, RejectReason::SafetyConcern).await.unwrap();
    assert_eq!(used(&stage.supervisor, &full.service).await, (1, 0, 0), "others may have it at once");
    assert_eq!(live(&stage.supervisor).await, 0);
}

#[tokio::test]
async fn a_shelter_knows_how_many_were_there_each_day_and_nobody_else_is_told() {
    let stage = Stage::set().await;
    let (shelter, stranger) = (Partner::new(&stage).await, Partner::new(&stage).await);
    set(&shelter.responder, &shelter.service, 5, 0).await.unwrap();
    let day = |days: i64| {
        let sql = format!("SELECT to_char((helpline.now() AT TIME ZONE 'UTC')::date + {days}, 'YYYY-MM-DD')");
        stage.value(&sql)
    };
    let occupancy = |actor: &Actor, first: String, last: String| {
        let mut client = actor.capacity();
        let request = GetOccupancyRequest {
            service_id: shelter.service.clone(),
            unit: "bed".to_owned(),
            first_date: first,
            last_date: last,
        };
        async move { client.get_occupancy(request).await.map(|answer| answer.into_inner().days) }
    };
    // Noon of a day, so that what follows is within it.
    let noon =
        "SELECT extract(epoch FROM date_trunc('day', helpline.now() AT TIME ZONE 'UTC') + interval '36 hours'
        - helpline.now() AT TIME ZONE 'UTC')";
    stage.world.advance(stage.value(noon).parse().unwrap());
    let mut kept = Vec::new();
    for count in [1, 2] {
        let one = place(&stage.supervisor, hold(&[&shelter.service], count)).await.unwrap();
        kept.push(confirm(&shelter.responder, &one).await.unwrap());
    }
    vacate(&shelter.responder, &kept[0]).await.unwrap();
    stage.world.advance(24.0 * 3600.0);
    vacate(&shelter.responder, &kept[1]).await.unwrap();
    let told = occupancy(&shelter.responder, day(-2), day(3)).await.unwrap();
    let expected = [(day(-2), 0, 0), (day(-1), 3, 2), (day(0), 2, 0)];
    let told: Vec<_> = told.into_iter().map(|one| (one.date, one.day_count, one.night_count)).collect();
    assert_eq!(told, expected, "what has not begun is not told");
    assert_eq!(occupancy(&stage.supervisor, day(-1), day(0)).await.unwrap().len(), 2);
    let refused = why(occupancy(&stranger.responder, day(0), day(0)).await);
    assert_eq!(refused.metadata("resource"), "service");
    let counsellor = stage.world.counsellor(helpline_tests::Abilities::speaking(&["ar"])).await;
    assert_eq!(why(occupancy(&counsellor, day(0), day(0)).await).code, Code::PermissionDenied);
    for (first, last, field) in
        [("2026-2-1", "2026-02-03", "first_date"), ("2026-02-03", "2026-02-02", "last_date")]
    {
        let refused = why(occupancy(&stage.supervisor, first.to_owned(), last.to_owned()).await);
        assert_eq!(refused.fields, [field]);
    }
}
