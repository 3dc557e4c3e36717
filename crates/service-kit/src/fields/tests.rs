use helpline_domain::id::ContactId;
use helpline_proto::terms::v1::Channel;

use super::*;

fn refused<T>(read: impl FnOnce(&mut Fields) -> T) -> Vec<Violation> {
    let mut fields = Fields::new();
    read(&mut fields);
    fields.finish().err().map(|refusal| refusal.violations().to_vec()).unwrap_or_default()
}

#[test]
fn every_violation_is_reported_at_once_with_its_path() {
    let violations = refused(|fields| {
        fields.request_id("no uuid");
        fields.within("closing", |fields| {
            fields.text("summary", "", 1..=20_000);
            fields.list("categories", &["ok", "Not Ok"], 20, |fields, key| fields.key("key", key));
        });
    });
    let paths: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(paths, ["request_id", "closing.summary", "closing.categories[1].key"]);
}

#[test]
fn a_violation_never_repeats_what_was_sent() {
    let violations = refused(|fields| {
        fields.id::<ContactId>("a", "SECRET");
        fields.text("b", "SECRET\0", 1..=100);
        fields.line("c", "SECRET\n", 1..=100);
        fields.key("d", "SECRET");
        fields.language("e", "SECRET!");
    });
    assert_eq!(violations.len(), 5);
    assert!(!format!("{violations:?}").contains("SECRET"));
}

#[test]
fn the_nil_uuid_and_other_text_are_no_ids() {
    for wrong in ["", "00000000-0000-0000-0000-000000000000", "5", " 018f6b1e-0000-7000-8000-000000000001"] {
        assert_eq!(refused(|fields| fields.id::<ContactId>("id", wrong)).len(), 1, "{wrong:?}");
    }
    let mut fields = Fields::new();
    assert!(fields.id::<ContactId>("id", "018F6B1E-0000-7000-8000-000000000001").is_some());
    assert_eq!(fields.optional_id::<ContactId>("id", ""), Some(None));
    assert!(fields.finish().is_ok());
}

#[test]
fn text_takes_every_script_and_counts_characters_not_bytes() {
    let mut fields = Fields::new();
    for good in ["مرحبا، أنا خائف", "қорқамын", "👩‍👧 помогите\n\tсейчас", "e\u{301}"]
    {
        assert_eq!(fields.text("text", good, 1..=40).as_deref(), Some(good));
    }
    assert_eq!(fields.text("text", "ا".repeat(40).as_str(), 40..=40).unwrap().chars().count(), 40);
    assert_eq!(fields.text("text", "a\r\nb", 1..=3).as_deref(), Some("a\nb"));
    assert!(fields.finish().is_ok());
}

#[test]
fn control_characters_and_wrong_lengths_are_refused() {
    for wrong in ["", "\0", "a\u{1b}[2J", "a\rb", "a\u{85}b", "abcdef"] {
        assert_eq!(refused(|fields| fields.text("text", wrong, 1..=5)).len(), 1, "{wrong:?}");
    }
    assert_eq!(refused(|fields| fields.line("name", "two\nlines", 0..=200)).len(), 1);
}

#[test]
fn keys_are_short_and_plain() {
    let mut fields = Fields::new();
    assert_eq!(fields.key("queue", "night_2").as_deref(), Some("night_2"));
    assert_eq!(fields.optional_key("queue", ""), Some(None));
    assert!(fields.finish().is_ok());
    let long = "a".repeat(41);
    for wrong in ["", "Night", "night-2", "ночь", long.as_str()] {
        assert_eq!(refused(|fields| fields.key("queue", wrong)).len(), 1, "{wrong:?}");
    }
}

#[test]
fn languages_have_the_shape_of_bcp_47_and_come_out_in_lower_case() {
    let mut fields = Fields::new();
    assert_eq!(fields.language("language", "AR").as_deref(), Some("ar"));
    assert_eq!(fields.language("language", "kk-Cyrl-KZ").as_deref(), Some("kk-cyrl-kz"));
    assert!(fields.finish().is_ok());
    for wrong in ["", "a", "arabic", "ar-", "-ar", "ar_EG", "ar-toolongpart", &"ar-".repeat(12)] {
        assert_eq!(refused(|fields| fields.language("language", wrong)).len(), 1, "{wrong:?}");
    }
}

#[test]
fn an_unknown_or_unspecified_choice_is_refused_with_the_names() {
    for wrong in [0, -1, 99] {
        let violations = refused(|fields| fields.choice("channel", wrong, Channel::as_str_name));
        assert!(
            violations[0].expected.starts_with("one of CHANNEL_VOICE, CHANNEL_WEB_CHAT"),
            "{violations:?}"
        );
        assert!(violations[0].expected.ends_with("CHANNEL_LETTER"));
    }
    let mut fields = Fields::new();
    assert_eq!(fields.choice("channel", 3, Channel::as_str_name), Some(Channel::Sms));
    assert_eq!(fields.optional_choice("channel", 0, Channel::as_str_name), Some(None));
    assert!(fields.finish().is_ok());
}

#[test]
fn numbers_durations_and_times_have_bounds() {
    let violations = refused(|fields| {
        fields.int("level", 6, 1..=5);
        fields.expected_revision("expected_revision", -1);
        let range = Duration::from_mins(1)..=Duration::from_mins(2);
        fields.duration("missing", None, range.clone());
        fields.duration("negative", Some(&prost_types::Duration { seconds: -1, nanos: 0 }), range.clone());
        fields.duration("long", Some(&prost_types::Duration { seconds: 121, nanos: 0 }), range.clone());
        for (seconds, nanos) in [(i64::MIN, i32::MIN), (i64::MAX, i32::MAX), (100, -1), (100, 1_000_000_000)]
        {
            fields.duration("odd", Some(&prost_types::Duration { seconds, nanos }), range.clone());
        }
        fields.timestamp("missing", None);
        fields.timestamp("odd", Some(&prost_types::Timestamp { seconds: 1, nanos: -1 }));
        fields.timestamp("late", Some(&prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }));
        fields.page_size(-1);
    });
    assert_eq!(violations.len(), 13, "{violations:?}");
    assert_eq!(violations[0].expected, "from 1 to 5");
    assert_eq!(violations[2].expected, "a duration from 60 s to 120 s");

    let mut fields = Fields::new();
    assert_eq!(fields.expected_revision("expected_revision", 0), Some(None));
    assert_eq!(fields.expected_revision("expected_revision", 7), Some(Some(7)));
    let time = fields.timestamp("time", Some(&prost_types::Timestamp { seconds: 1, nanos: 1_999 })).unwrap();
    assert_eq!(time.timestamp_subsec_nanos(), 1_000, "truncated to what the database keeps");
    assert!(fields.finish().is_ok());
}

#[test]
fn a_list_that_is_too_long_is_refused_as_a_whole() {
    let violations =
        refused(|fields| fields.list("skills", &["a", "b"], 1, |fields, key| fields.key("", key)));
    assert_eq!(
        violations,
        [Violation { field: "skills".to_owned(), expected: "at most 1 entries".to_owned() }]
    );
}
