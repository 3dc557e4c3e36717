//! Hours by the clock on the wall, through the nights in which it jumps.

use helpline_domain::settings::QueueHours;

use super::*;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn hours(zone: &str, expression: &str) -> Hours {
    Hours { time_zone: zone.to_owned(), opening_hours: expression.to_owned(), ..Hours::default() }
}

fn open_until(text: &str) -> Opening {
    Opening::Open { until: Some(utc(text)) }
}

fn closed_until(text: &str) -> Opening {
    Opening::Closed { opens_at: Some(utc(text)) }
}

#[test]
fn without_an_expression_a_queue_is_always_open() {
    let schedule = Schedule::of(&hours("Asia/Qatar", ""), "general");
    assert_eq!(schedule.at(utc("2026-11-21T23:00:00Z")), Opening::Open { until: None });
    let schedule = Schedule::of(&hours("Asia/Qatar", "24/7"), "general");
    assert_eq!(schedule.at(utc("2026-11-21T23:00:00Z")), Opening::Open { until: None });
    let schedule = Schedule::of(&hours("Asia/Qatar", "off"), "general");
    assert_eq!(schedule.at(utc("2026-11-21T23:00:00Z")), Opening::Closed { opens_at: None });
}

#[test]
fn hours_are_those_of_the_centres_own_clock_and_week() {
    // Qatar is three hours ahead all year; its week begins on Sunday.
    let schedule = Schedule::of(&hours("Asia/Qatar", "Su-Th 07:00-22:00; Fr,Sa 10:00-18:00"), "general");
    assert_eq!(schedule.at(utc("2026-11-22T04:00:00Z")), open_until("2026-11-22T19:00:00Z"));
    assert_eq!(schedule.at(utc("2026-11-22T03:59:59Z")), closed_until("2026-11-22T04:00:00Z"));
    assert_eq!(schedule.at(utc("2026-11-26T19:00:00Z")), closed_until("2026-11-27T07:00:00Z"));
    assert_eq!(
        schedule.at(utc("2026-06-22T04:00:00Z")),
        open_until("2026-06-22T19:00:00Z"),
        "no summer time"
    );
}

#[test]
fn the_same_wall_clock_is_another_moment_in_summer() {
    let schedule = Schedule::of(&hours("Europe/Berlin", "Mo-Su 08:00-20:00"), "general");
    assert_eq!(schedule.at(utc("2026-03-28T18:59:00Z")), open_until("2026-03-28T19:00:00Z"));
    // The night of the change is an hour shorter.
    assert_eq!(schedule.at(utc("2026-03-28T19:00:00Z")), closed_until("2026-03-29T06:00:00Z"));
    assert_eq!(schedule.at(utc("2026-03-29T06:00:00Z")), open_until("2026-03-29T18:00:00Z"));
    // And that of autumn an hour longer.
    assert_eq!(schedule.at(utc("2026-10-24T18:00:00Z")), closed_until("2026-10-25T07:00:00Z"));
}

#[test]
fn an_opening_time_that_the_clock_leaves_out_is_the_end_of_the_gap() {
    // At 02:00 the clock shows 03:00.
    let schedule = Schedule::of(&hours("Europe/Berlin", "Mo-Su 02:30-06:00"), "general");
    assert_eq!(schedule.at(utc("2026-03-29T00:30:00Z")), closed_until("2026-03-29T01:00:00Z"));
    assert_eq!(schedule.at(utc("2026-03-29T01:00:00Z")), open_until("2026-03-29T04:00:00Z"));
}

#[test]
fn a_closing_time_that_comes_twice_is_the_first_of_the_two() {
    // At 03:00 summer time, 01:00 UTC, the clock shows 02:00 again.
    let schedule = Schedule::of(&hours("Europe/Berlin", "Mo-Su 20:00-02:30"), "general");
    assert_eq!(schedule.at(utc("2026-10-24T23:00:00Z")), open_until("2026-10-25T00:30:00Z"));
}

#[test]
fn public_holidays_are_those_of_the_country() {
    let germany = Hours { holidays: "DE".to_owned(), ..hours("Europe/Berlin", "Mo-Fr 08:00-20:00; PH off") };
    let schedule = Schedule::of(&germany, "general");
    // The first of May 2026 is a Friday.
    assert_eq!(schedule.at(utc("2026-05-01T09:00:00Z")), closed_until("2026-05-04T06:00:00Z"));
    let nowhere = Hours { holidays: String::new(), ..germany };
    assert_eq!(
        Schedule::of(&nowhere, "general").at(utc("2026-05-01T09:00:00Z")),
        open_until("2026-05-01T18:00:00Z")
    );
}

#[test]
fn closed_dates_close_whatever_the_expression_says_and_queues_have_hours_of_their_own() {
    let mut centre = hours("Asia/Qatar", "Mo-Su 08:00-20:00");
    centre.closed_dates = ["2026-12-18", "2026-12-19"].map(|date| date.parse().unwrap()).into();
    let night = QueueHours { opening_hours: "24/7".to_owned(), ..QueueHours::default() };
    centre.queues.insert("night".to_owned(), night);
    let schedule = Schedule::of(&centre, "general");
    assert_eq!(schedule.at(utc("2026-12-17T17:00:00Z")), closed_until("2026-12-20T05:00:00Z"));
    assert_eq!(schedule.at(utc("2026-12-18T10:00:00Z")), closed_until("2026-12-20T05:00:00Z"));
    let schedule = Schedule::of(&centre, "night");
    assert_eq!(
        schedule.at(utc("2026-12-16T17:00:00Z")),
        open_until("2026-12-17T21:00:00Z"),
        "until midnight"
    );
    assert_eq!(schedule.at(utc("2026-12-18T10:00:00Z")), closed_until("2026-12-19T21:00:00Z"));
}

#[test]
fn what_cannot_be_known_does_not_close_a_queue() {
    let schedule = Schedule::of(&hours("Europe/Berlin", "Mo-Su 08:00-20:00 unknown"), "general");
    assert!(!schedule.at(utc("2026-05-04T09:00:00Z")).is_closed());
    let schedule = Schedule::of(&hours("Nowhere/Town", "whatever"), "general");
    assert!(!schedule.at(utc("2026-05-04T09:00:00Z")).is_closed());
    assert!(!Schedule::reads("whatever") && Schedule::reads("Mo-Fr 08:00-20:00; PH off"));
    assert!(Schedule::knows_zone("Asia/Qatar") && !Schedule::knows_zone("Nowhere/Town"));
    assert!(Schedule::knows_country("KZ") && !Schedule::knows_country("XX"));
}

#[test]
fn an_answer_is_remembered_until_it_changes_or_the_settings_do() {
    let cache = OpeningCache::default();
    let centre = CentreId::from(uuid::Uuid::from_u128(1));
    let hours = hours("UTC", "08:00-20:00");
    let settings =
        helpline_domain::settings::Settings { hours, ..helpline_domain::settings::Settings::default() };
    let mut published = VersionedSettings { version: 1, settings };
    let ask = |published: &VersionedSettings, at| cache.at(centre, published, "general", utc(at));
    assert_eq!(ask(&published, "2026-05-04T09:00:00Z"), open_until("2026-05-04T20:00:00Z"));
    assert_eq!(ask(&published, "2026-05-04T10:00:00Z"), open_until("2026-05-04T20:00:00Z"));
    assert_eq!(ask(&published, "2026-05-04T20:00:00Z"), closed_until("2026-05-05T08:00:00Z"));
    assert_eq!(
        ask(&published, "2026-05-04T10:00:00Z"),
        open_until("2026-05-04T20:00:00Z"),
        "asked backwards"
    );
    published.version = 2;
    published.settings.hours.opening_hours = "08:00-12:00".to_owned();
    assert_eq!(ask(&published, "2026-05-04T10:00:00Z"), open_until("2026-05-04T12:00:00Z"));
}
