use std::fmt::Write as _;

use helpline_devstack::shared_data;

use super::*;

const HEAD: &str = "weekday,minute_of_day,mean_calls_per_6_min\n";

fn parse(rows: &str) -> Result<Profile> {
    Profile::parse(format!("{HEAD}{rows}").as_bytes())
}

fn count(rate: Rate, seconds: f64) -> u32 {
    let mut arrivals = Arrivals::new(rate, Draws::new(11, 0));
    let mut count = 0;
    while arrivals.next_at() < seconds {
        count += 1;
    }
    count
}

#[test]
fn a_profile_is_read_by_weekday_and_minute() {
    let profile = parse("sunday,0,1.5\nmonday,6,2\n").unwrap();
    assert!((profile.rate_at(0.0) - 15.0).abs() < 1e-9);
    assert!((profile.rate_at(Rate::moment(1, 0) + 360.0) - 20.0).abs() < 1e-9);
    assert!(profile.rate_at(Rate::moment(1, 0)).abs() < 1e-9);
    assert!((profile.rate_at(WEEK_SECONDS + 10.0) - 15.0).abs() < 1e-9, "the week repeats");
}

#[test]
fn a_profile_with_a_wrong_line_says_which() {
    for rows in [
        "sunday,0,1\nsomeday,0,1\n",
        "sunday,0,1\nsunday,5,1\n",
        "sunday,0,1\nsunday,1440,1\n",
        "sunday,0,1\nsunday,6,-1\n",
        "sunday,0,1\nsunday,6,NaN\n",
    ] {
        let error = format!("{:#}", parse(rows).unwrap_err());
        assert!(error.contains("line 3"), "{rows}: {error}");
    }
    assert!(parse("").is_err());
    assert!(Profile::parse("day,minute,calls\nsunday,0,1\n".as_bytes()).is_err());
}

#[test]
fn a_scaled_profile_keeps_its_shape() {
    let profile = parse("sunday,0,1\nsunday,6,3\n").unwrap().scaled_to(60.0);
    assert!((profile.mean_per_hour() - 60.0).abs() < 1e-9);
    assert!((profile.rate_at(360.0) / profile.rate_at(0.0) - 3.0).abs() < 1e-9);
}

#[test]
fn a_constant_rate_brings_as_many_as_it_says() {
    let hours = 200.0;
    let found = f64::from(count(Rate::Constant(120.0), hours * 3600.0)) / hours;
    assert!((found - 120.0).abs() < 3.0, "{found}");
}

#[test]
fn a_weekly_rate_brings_as_many_as_its_slots_say() {
    // Every slot of Tuesday 10 calls, all others 1.
    let mut rows = String::new();
    for (day, name) in WEEKDAYS.iter().enumerate() {
        for slot in 0..SLOTS_OF_A_DAY {
            let _ = writeln!(rows, "{name},{},{}", slot * 6, if day == 2 { 10 } else { 1 });
        }
    }
    let profile = parse(&rows).unwrap();
    let busy = Rate::Weekly { profile: profile.clone(), start: Rate::moment(2, 0) };
    let found = f64::from(count(busy, 86_400.0));
    assert!((found - 2400.0).abs() < 150.0, "{found}");
    let quiet = Rate::Weekly { profile, start: Rate::moment(3, 0) };
    let found = f64::from(count(quiet, 86_400.0));
    assert!((found - 240.0).abs() < 50.0, "{found}");
}

#[test]
fn a_rate_of_nothing_brings_nobody() {
    assert_eq!(count(Rate::Constant(0.0), 1e9), 0);
}

#[test]
fn the_profile_of_a_real_call_centre_can_be_played() {
    let Some(path) = shared_data("data/arrivals/weekly-profile-1999.csv") else { return };
    let profile = Profile::read(&path).unwrap();
    // 445,414 calls in a year.
    assert!((profile.mean_per_hour() - 445_414.0 / 365.0 / 24.0).abs() < 5.0, "{}", profile.mean_per_hour());
    let week = Rate::Weekly { profile: profile.clone(), start: 0.0 };
    let found = f64::from(count(week, WEEK_SECONDS)) / 168.0;
    assert!((found / profile.mean_per_hour() - 1.0).abs() < 0.05, "{found}");
}
