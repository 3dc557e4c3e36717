//! The stories of children that the demo can play, each to its end: on servers of its own, by several callers, through the API alone.
//!
//! A play looks after each step at what must be so, and in the end at every alarm; it fails where something is not. Here is looked at
//! what it was about.

use crate::demo::Demo;

/// Plays a story; what it has told, line by line, must hold these in this order.
fn tells(scenario: &str, told: &[&str]) {
    let mut demo = Demo::start(&["--scenario", scenario]);
    let status = demo.end();
    let said = demo.said.join("\n");
    assert!(status.success(), "{said}");
    let mut lines = demo.said.iter();
    for what in told.iter().chain(&["every alarm that was due has fired once", "Everything is stopped"]) {
        assert!(lines.any(|line| line.contains(what)), "not told in order: {what:?} in\n{said}");
    }
}

#[test]
fn slow_a_child_is_handed_over_across_a_border_and_missed_on_the_way() {
    tells(
        "across-a-border",
        &[
            "has not answered in time",
            "learns who she is",
            "Irbid reads nothing more",
            "nobody has confirmed her arrival: an emergency is raised, once",
            "approves a restricted alert",
            "both sides have signed",
            "nobody has visited her within five working days",
            "closes the case",
        ],
    );
}

#[test]
fn slow_of_two_children_who_race_for_the_last_place_one_has_it_and_both_are_cared_for() {
    tells(
        "migrant-child",
        &[
            "has one place left",
            "has the last place of Steppe House",
            "was a moment later, is told so",
            "supervisors are told of an unmet need",
            "the second child goes there, too",
            "closes the case as redirected",
            "nobody has become the guardian within a week",
            "the consulate reads nothing",
            "what the consulate had taken on it cannot do any more",
            "says no: it is taken back",
            "closes the case",
        ],
    );
}

#[test]
fn slow_a_report_of_abuse_at_school_reaches_the_authority_and_each_agency_reads_its_part() {
    tells(
        "school-abuse",
        &[
            "she says that they are not safe",
            "answers a teacher",
            "links both reports",
            "makes the report that the law demands",
            "nobody has assessed the mother's report within a day",
            "not what he told",
            "does not learn who hit him",
            "the deadline of the law has passed",
            "writes down its number",
            "tells the teacher that the authority acts",
            "each number leads to its contacts",
        ],
    );
}

#[test]
fn slow_a_returnee_is_looked_after_for_two_years_though_a_visit_is_missed_and_the_guardian_changes() {
    tells(
        "returnee",
        &[
            "sees neither the flight nor the children",
            "of her brother nobody says anything",
            "one grandmother",
            "learns nothing of where she was",
            "hands first steps of her plan to three bodies",
            "says no to the talks",
            "is given them instead, and does it",
            "nothing is lost",
            "a day later supervisors are told",
            "that it is grave",
            "the plan goes on",
            "has made every visit",
            "closes the cases",
        ],
    );
}

#[test]
fn slow_a_girl_who_was_trafficked_is_screened_taken_in_and_goes_home() {
    tells(
        "shelter",
        &[
            "strong indicators of trafficking",
            "is not told whether Lily House or Palm House has room",
            "is asked first though it is full",
            "keeps its last bed for her",
            "she is there",
            "learns neither that she is there nor where it is",
            "screens again within 72 hours",
            "a doctor was not offered within three days",
            "in two weeks she may not leave without a fine",
            "nobody is sent",
            "and arrives",
            "the second call was not made",
            "closes the case",
        ],
    );
}
