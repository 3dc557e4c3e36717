use super::*;

fn problem(change: impl Fn(&mut Scenario)) -> String {
    let mut scenario = built_in("standard").unwrap().unwrap();
    change(&mut scenario);
    scenario.check().unwrap_err().to_string()
}

#[test]
fn every_built_in_scenario_can_be_played_and_carries_its_name() {
    for name in names() {
        let scenario = built_in(name).unwrap().unwrap();
        assert_eq!(scenario.name, name);
        assert!(!scenario.description.is_empty(), "{name}");
        let again = Scenario::parse(&toml::to_string(&scenario).unwrap()).unwrap();
        assert_eq!(again, scenario, "{name} is not what it was after it was written and read");
    }
    assert!(built_in("nonsense").is_none());
}

#[test]
fn the_standard_scenario_is_what_it_is_said_to_be() {
    let scenario = built_in("standard").unwrap().unwrap();
    assert!((scenario.mean_handle_s() - 810.0).abs() < 1e-9);
    assert!((scenario.contacts_per_hour() * 810.0 / 3600.0 - 12.0).abs() < 1e-9);
    let class = |class| {
        let one = scenario.class(class).unwrap();
        (one.share, one.target_s, one.patience_s.unwrap(), one.handle_s, one.handle_cv)
    };
    assert_eq!(class(Class::Critical), (0.06, 15.0, 180.0, 1500.0, 1.0));
    assert_eq!(class(Class::High), (0.14, 60.0, 300.0, 1200.0, 1.0));
    assert_eq!(class(Class::Medium), (0.40, 180.0, 420.0, 780.0, 1.0));
    assert_eq!(class(Class::Low), (0.40, 300.0, 420.0, 600.0, 1.0));
    assert_eq!(scenario.offers, Offers { accept_s: [3.0, 8.0], miss_share: 0.05, ..Offers::default() });
    let more = scenario.with_counsellors(13);
    assert_eq!(more.counsellors.count, 13);
    assert!((more.contacts_per_hour() - scenario.contacts_per_hour()).abs() < 1e-9);
}

#[test]
fn a_wrong_field_is_named() {
    let cases = [
        (problem(|one| one.days = 0.0), "days"),
        (problem(|one| one.classes[1].share = 0.5), "classes"),
        (problem(|one| one.classes[1].handle_s = -1.0), "classes.high.handle_s"),
        (problem(|one| one.classes[2].found = [(Class::Low, 0.5)].into()), "classes.medium.found"),
        (problem(|one| one.counsellors.count = 0), "counsellors.count"),
        (problem(|one| one.counsellors.groups[0].share = 0.9), "counsellors.groups"),
        (problem(|one| one.offers.accept_s = [8.0, 3.0]), "offers.accept_s"),
        (problem(|one| one.arrivals.per_hour = Some(3.0)), "arrivals"),
        (problem(|one| one.languages[0].share = f64::NAN), "languages.en.share"),
    ];
    for (problem, field) in cases {
        assert!(problem.starts_with(&format!("{field}:")), "{problem} does not name {field}");
    }
    let unknown = Scenario::parse("days = 1\nwarm_up_s = 0\ncolour = 3\n").unwrap_err().to_string();
    assert!(unknown.contains("colour"), "{unknown}");
}

#[test]
fn nobody_can_wait_for_ever() {
    let mut scenario = built_in("standard").unwrap().unwrap();
    scenario.classes[0].patience_s = None;
    scenario.counsellors.groups[1].languages = vec!["en".to_owned()];
    let problem = crate::trace::Plan::new(&scenario, None).unwrap_err().to_string();
    assert!(problem.contains("voice;ar"), "{problem}");
}
