//! Nobody does anything.

use helpline_proto::directory::v1::SchoolSettings;
use helpline_tests::school::{approve, assess, assess_away, file};

use super::room::{DAY, School};
use crate::stage::until;

#[tokio::test]
async fn what_nobody_assesses_alarms_once_and_again_only_for_the_next_step() {
    let school = School::new().await;
    let id = school.filed().await;
    school.stage.a_pass().await;
    assert_eq!(school.alerts("school_report_overdue"), "0 of 0");
    school.stage.world.advance(DAY + 1.0);
    let told = async |expected: &str| {
        until(expected, async || (school.alerts("school_report_overdue") == expected).then_some(())).await;
    };
    told("1 of 1").await;
    let subject = "SELECT subject FROM helpline.alerts WHERE kind = 'school_report_overdue'";
    assert_eq!(school.stage.value(subject), format!("school_report {id}"));
    school.stage.a_pass().await;
    told("1 of 1").await;
    let counsellor = school.stage.world.supervisor().await;
    school.stage.world.advance(DAY);
    counsellor.assess_report(assess(&id)).await.unwrap();
    told("0 of 1").await;
    // Assessed again and again it is not put off.
    school.stage.world.advance(DAY / 2.0);
    counsellor.assess_report(assess(&id)).await.unwrap();
    school.stage.world.advance(DAY / 2.0 + 1.0);
    told("1 of 2").await;
}

#[tokio::test]
async fn many_reports_about_one_school_are_told_once_until_their_days_are_over() {
    let school = School::new().await;
    let days = SchoolSettings { pattern_reports: 2, pattern_days: 10, ..SchoolSettings::default() };
    school.stage.world.change_settings(|settings| settings.school = Some(days)).await;
    let by = &school.stage.supervisor;
    let report = async |name: &str| {
        let mut request = file(&school.contact.contact_id);
        request.school = name.to_owned();
        by.file_report(request).await.unwrap().school_id
    };
    let pattern = "SELECT count(*) FROM helpline.schools WHERE pattern_until > helpline.now()";
    let one = report("School 12").await;
    report("School 13").await;
    assert_eq!(school.stage.value(pattern), "0");
    // Of two schools at the same moment each is told of.
    let (left, right) = tokio::join!(report("school 12"), report("SCHOOL 13"));
    assert_eq!((left == one, right == one), (true, false));
    assert_eq!(school.stage.value(pattern), "2");
    until("both schools", async || (school.alerts("school_pattern") == "2 of 2").then_some(())).await;
    report("School 12").await;
    school.stage.a_pass().await;
    assert_eq!(school.alerts("school_pattern"), "2 of 2");
    school.stage.world.advance(10.0 * DAY + 1.0);
    until("it is over", async || (school.alerts("school_pattern") == "0 of 2").then_some(())).await;
    assert_eq!(school.stage.value(pattern), "0");
}

#[tokio::test]
async fn two_who_report_about_one_school_at_the_same_moment_see_each_other() {
    let school = School::new().await;
    let days = SchoolSettings { pattern_reports: 3, ..SchoolSettings::default() };
    school.stage.world.change_settings(|settings| settings.school = Some(days)).await;
    let by = &school.stage.supervisor;
    for place in 1..=6 {
        let report = async || {
            let mut request = file(&school.contact.contact_id);
            request.school = format!("School {place}");
            by.file_report(request).await.unwrap()
        };
        report().await;
        tokio::join!(report(), report());
        let pattern = "SELECT count(*) FROM helpline.schools WHERE pattern_until > helpline.now()";
        assert_eq!(school.stage.value(pattern), place.to_string());
    }
}

#[tokio::test]
async fn whoever_assesses_anew_what_is_overdue_does_not_put_it_off() {
    let school = School::new().await;
    let id = school.filed().await;
    school.amina().assess_report(assess_away(&id)).await.unwrap();
    let late = school.stage.supervisor.approve_silence(approve(&id)).await.unwrap();
    school.stage.world.advance(20.0 * DAY);
    let anew = school.stage.world.supervisor().await.assess_report(assess(&id)).await.unwrap();
    assert_eq!(anew.due_time, late.due_time);
}
