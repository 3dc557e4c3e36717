use proptest::prelude::*;

use super::*;
use crate::settings::forms::usual;

fn screening() -> Form {
    usual().swap_remove(1)
}

fn outcome(subject: Subject, yes: &[&str]) -> Outcome {
    let form = screening();
    let no = form.questions.iter().map(|one| (one.question.clone(), "no".to_owned()));
    let yes = yes.iter().map(|key| ((*key).to_owned(), "yes".to_owned()));
    computed(&form, subject, &no.chain(yes).collect()).outcome
}

/// What a question is answered with: 0 what does not count, 1 and 2 that it is unknown or nothing, 3 what counts.
fn value(question: &Question, level: usize) -> Option<String> {
    let of = |counts| question.keys().into_iter().find(|key| question.counts.contains(*key) == counts);
    match level {
        0 => of(false).map(str::to_owned),
        1 => Some(UNKNOWN.to_owned()),
        2 => None,
        _ => of(true).map(str::to_owned),
    }
}

fn answered(form: &Form, levels: &[usize]) -> Answers {
    let of = |(one, level): (&Question, &usize)| Some((one.question.clone(), value(one, *level)?));
    form.questions.iter().zip(levels).filter_map(of).collect()
}

#[test]
fn of_a_child_means_are_irrelevant_and_of_an_adult_they_are_not() {
    let found = ["brought_by_others", "forced_to_serve", "wages_kept"];
    assert_eq!(outcome(Subject::Child, &found), Outcome::Positive);
    assert_eq!(outcome(Subject::Adult, &found), Outcome::Negative);
    let held = [found.as_slice(), &["papers_kept", "watched"]].concat();
    assert_eq!(outcome(Subject::Adult, &held), Outcome::Positive);
}

#[test]
fn what_is_asked_of_children_alone_does_not_count_of_an_adult() {
    let given =
        ["given_by_family", "was_alone", "harmful_child_work", "wages_kept", "papers_kept", "watched"];
    assert_eq!(outcome(Subject::Child, &given), Outcome::Positive);
    assert_eq!(outcome(Subject::Adult, &given), Outcome::Negative);
}

#[test]
fn a_dimension_is_found_from_two_strong_one_strong_and_another_three_medium_or_two_medium_and_one_weak() {
    let of = |yes: &[&str]| outcome(Subject::Child, &[&["brought_by_others"], yes].concat());
    for enough in [
        ["sexual_exploitation", "wages_kept"].as_slice(),
        &["wages_kept", "no_rest"],
        &["wages_kept", "poor_lodging"],
    ] {
        assert_eq!(of(enough), Outcome::Positive, "{enough:?}");
    }
    for less in [["wages_kept"].as_slice(), &["no_rest", "poor_lodging"]] {
        assert_eq!(of(less), Outcome::Negative, "{less:?}");
    }
    let held = |yes: &[&str]| {
        outcome(Subject::Adult, &[&["brought_by_others", "wages_kept", "forced_to_serve"], yes].concat())
    };
    assert_eq!(held(&["watched", "no_telephone", "debt_that_grows"]), Outcome::Positive);
    assert_eq!(held(&["need_was_used", "was_alone", "knew_no_law"]), Outcome::Positive);
    assert_eq!(held(&["watched", "no_telephone"]), Outcome::Negative);
}

#[test]
fn what_nobody_answered_is_unclear_and_what_is_denied_is_not() {
    for form in usual() {
        assert_eq!(computed(&form, Subject::Child, &Answers::new()).outcome, Outcome::Unclear);
        let denied = answered(&form, &vec![0; form.questions.len()]);
        assert_eq!(computed(&form, Subject::Child, &denied).outcome, Outcome::Negative);
        assert!(recommended(&form, &computed(&form, Subject::Child, &denied).findings).is_empty());
    }
}

#[test]
fn a_concern_and_what_is_not_known_recommend_a_step() {
    let form = usual().swap_remove(0);
    let mut given = answered(&form, &vec![0; form.questions.len()]);
    given.insert("safe_now".to_owned(), "no".to_owned());
    given.insert("place_tonight".to_owned(), UNKNOWN.to_owned());
    let found = computed(&form, Subject::Child, &given);
    let steps: Vec<_> = recommended(&form, &found.findings)
        .into_iter()
        .map(|(_, step, found)| (step.task.as_str(), found))
        .collect();
    assert_eq!(steps, [("safety_plan", Outcome::Positive), ("find_a_place", Outcome::Unclear)]);
    assert_eq!(found.outcome, Outcome::Positive);
}

#[test]
fn an_answer_fits_its_question() {
    let form = usual().swap_remove(0);
    let of = |kind| Question { kind, ..form.questions[0].clone() };
    for (kind, good, bad) in [
        (QuestionKind::YesNo, "no", "maybe"),
        (QuestionKind::Number, "12", "-1"),
        (QuestionKind::Number, "1000000", "1000001"),
        (QuestionKind::Number, "0", "99999999999999999999"),
        (QuestionKind::Date, "2014-03-09", "2014-3-9"),
        (QuestionKind::Date, "2016-02-29", "2015-02-29"),
        (QuestionKind::Text, "home", "\u{7}"),
    ] {
        assert!(answers(&of(kind), good) && answers(&of(kind), UNKNOWN), "{good}");
        assert!(!answers(&of(kind), bad), "{bad}");
    }
    let lives = question(&form, Subject::Child, "lives_with").unwrap();
    assert!(answers(lives, "kafala") && !answers(lives, "yes"));
    assert!(!answers(&of(QuestionKind::Text), &"a".repeat(LONGEST_ANSWER + 1)));
    assert!(question(&form, Subject::Adult, "lives_with").is_none(), "it is not for adults");
}

#[test]
fn what_must_be_answered_may_be_answered_with_unknown() {
    let form = usual().swap_remove(0);
    let all = missing(&form, Subject::Child, &Answers::new());
    assert!(all.contains(&"safe_now") && !all.contains(&"wishes"));
    let unknown = all.iter().map(|key| ((*key).to_owned(), UNKNOWN.to_owned())).collect();
    assert!(missing(&form, Subject::Child, &unknown).is_empty());
}

#[test]
fn only_what_still_fits_goes_into_a_revision() {
    let form = screening();
    let given = [("wages_kept", "yes"), ("gone", "yes"), ("confined", "12")];
    let given = given.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    assert_eq!(fitting(&form, Subject::Child, given).into_keys().collect::<Vec<_>>(), ["wages_kept"]);
}

proptest! {
    #[test]
    fn an_answer_that_counts_more_never_makes_a_result_less(
        which in 0_usize..3,
        adult in any::<bool>(),
        levels in proptest::collection::vec(0_usize..4, 40),
        raised in proptest::collection::vec(0_usize..4, 40),
    ) {
        let form = usual().swap_remove(which);
        let subject = if adult { Subject::Adult } else { Subject::Child };
        let more: Vec<usize> = levels.iter().zip(&raised).map(|(one, other)| *one.max(other)).collect();
        let (less, more) = (answered(&form, &levels), answered(&form, &more));
        let (less, more) = (computed(&form, subject, &less), computed(&form, subject, &more));
        prop_assert!(less.outcome <= more.outcome);
        for (one, other) in less.findings.iter().zip(&more.findings) {
            prop_assert!(one.0 == other.0 && one.1 <= other.1);
        }
    }

    #[test]
    fn nothing_is_negative_that_could_be_positive_if_the_unknown_counted(
        which in 0_usize..3,
        levels in proptest::collection::vec(0_usize..4, 40),
    ) {
        let form = usual().swap_remove(which);
        let counted: Vec<usize> = levels.iter().map(|level| if *level == 0 { 0 } else { 3 }).collect();
        let denied: Vec<usize> = levels.iter().map(|level| if *level == 3 { 3 } else { 0 }).collect();
        let of = |levels: &[usize]| computed(&form, Subject::Child, &answered(&form, levels)).outcome;
        match of(&levels) {
            Outcome::Negative => prop_assert_eq!(of(&counted), Outcome::Negative),
            Outcome::Positive => prop_assert_eq!(of(&denied), Outcome::Positive),
            Outcome::Unclear => prop_assert!(of(&denied) < of(&counted)),
        }
    }
}
