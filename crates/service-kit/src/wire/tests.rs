use helpline_domain::id::{ContactId, CounsellorId};
use uuid::Uuid;

use super::*;

fn somebody() -> Contact {
    let time = DateTime::from_timestamp(1_750_000_000, 123_456_000).unwrap();
    let secret = |kind| Some(Sensitive::new(kind, "MARKER".to_owned()));
    Contact {
        contact_id: ContactId::from(Uuid::from_u128(1)),
        channel: Channel::Sms,
        state: ContactState::Closed,
        risk: Risk::Unassessed,
        class: Class::Medium,
        queue: "general".to_owned(),
        language: Some("ar-qa".to_owned()),
        skills: BTreeMap::from([("suicide".to_owned(), 3)]),
        received_at: time,
        deadline_at: time,
        answered_at: None,
        ended_at: Some(time),
        counsellor_id: Some(CounsellorId::from(Uuid::from_u128(2))),
        holder_id: None,
        offer_id: None,
        offer_count: 1,
        brought_by: None,
        settings_version: 1,
        epoch: 1,
        revision: 5,
        message_count: 0,
        sequence: 9,
        original_queue: None,
        directed_to: None,
        put_aside_at: None,
        sender: secret("contact"),
        display_name: secret("identity"),
        closing: Some(Closing {
            kind: ContactKind::Counselling,
            categories: vec!["peers.other".to_owned()],
            gender: Gender::Unknown,
            age_band: AgeBand::From13To15,
            region: "unknown".to_owned(),
            action_taken: ActionTaken::Counselled,
        }),
        summary: secret("narrative"),
        resumed: false,
        returned_from: None,
        preferred: None,
        asked_skills: None,
        relaxation_step: 0,
        relax_at: None,
        risk_rules: Vec::new(),
        limited: false,
        answers: None,
        direction: helpline_domain::contact::Direction::Inbound,
        callback_id: None,
    }
}

#[test]
fn who_may_see_a_contact_in_full_sees_everything() {
    let shown = contact(&somebody(), Sight::Full);
    assert_eq!((shown.sender.as_str(), shown.display_name.as_str()), ("MARKER", "MARKER"));
    let closing = shown.closing.unwrap();
    assert_eq!(closing.summary, "MARKER");
    assert_eq!(closing.age_band(), intake::v1::AgeBand::AgeBand1315);
    assert_eq!(shown.receive_time.unwrap().nanos, 123_456_000);
}

#[test]
fn the_coded_view_shows_neither_who_it_is_nor_what_was_said() {
    let shown = contact(&somebody(), Sight::Coded);
    assert!(shown.sender.is_empty() && shown.display_name.is_empty() && shown.closing.is_none());
    assert_eq!(shown.state(), intake::v1::ContactState::Closed);
    assert_eq!(shown.required_skills, [terms::v1::SkillLevel { skill: "suicide".to_owned(), level: 3 }]);
}

#[test]
fn every_word_comes_back_as_it_was_sent() {
    assert!(Channel::ALL.into_iter().all(|word| channel_from(channel(word)) == Some(word)));
    assert!(Risk::ALL.into_iter().all(|word| risk_from(risk(word)) == Some(word)));
    assert!(ContactState::ALL.into_iter().all(|word| contact_state_from(contact_state(word)) == Some(word)));
    assert!(ContactKind::ALL.into_iter().all(|word| contact_kind_from(contact_kind(word)) == Some(word)));
    assert!(Gender::ALL.into_iter().all(|word| gender_from(gender(word)) == Some(word)));
    assert!(AgeBand::ALL.into_iter().all(|word| age_band_from(age_band(word)) == Some(word)));
    assert!(ActionTaken::ALL.into_iter().all(|word| action_taken_from(action_taken(word)) == Some(word)));
    assert_eq!(channel_from(terms::v1::Channel::Unspecified), None);
    assert_eq!(risk_from(terms::v1::Risk::Unspecified), Some(Risk::Unassessed));
}

#[test]
fn a_skill_named_twice_or_beyond_its_levels_is_refused() {
    let skill = |name: &str, level| terms::v1::SkillLevel { skill: name.to_owned(), level };
    let paths = |sent: &[terms::v1::SkillLevel]| {
        let mut fields = Fields::new();
        let read = read_skills(&mut fields, "required_skills", sent);
        let refusal = fields.build(read).unwrap_err();
        refusal.violations().iter().map(|violation| violation.field.clone()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&[skill("a", 1), skill("a", 2)]), ["required_skills"]);
    assert_eq!(
        paths(&[skill("a", 0), skill("B", 5)]),
        ["required_skills[0].level", "required_skills[1].skill"]
    );
}
