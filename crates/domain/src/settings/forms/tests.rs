use super::*;

fn form() -> Form {
    usual().swap_remove(1)
}

#[test]
fn the_usual_forms_are_sound_and_speak_three_languages() {
    for form in usual() {
        assert_eq!(form.unsound(), None, "{}", form.form);
        let spoken = |texts: &Texts| ["ar", "en", "ru"].iter().all(|tag| texts.contains_key(*tag));
        assert!(spoken(&form.titles) && form.dimensions.iter().all(|one| spoken(&one.titles)));
        for one in &form.questions {
            assert!(spoken(&one.texts) && one.options.iter().all(|option| spoken(&option.titles)));
        }
    }
}

#[test]
fn each_dimension_of_the_screening_has_questions_for_whom_it_decides() {
    let form = form();
    for dimension in &form.dimensions {
        for subject in [Subject::Child, Subject::Adult] {
            let asked = form.questions.iter().filter(|one| {
                one.is_of(subject) && one.dimension.as_deref() == Some(dimension.dimension.as_str())
            });
            assert!(asked.count() > 0, "{} of {subject:?}", dimension.dimension);
        }
    }
}

#[test]
fn a_form_that_could_not_decide_is_refused() {
    let change = |change: &dyn Fn(&mut Form)| {
        let mut form = form();
        change(&mut form);
        form.unsound()
    };
    let twice = |form: &mut Form| form.dimensions[1].dimension = form.dimensions[0].dimension.clone();
    assert_eq!(change(&twice), Some(Unsound::Dimension(1)));
    let always = |form: &mut Form| form.dimensions[2].found_from = vec![Count::default()];
    assert_eq!(change(&always), Some(Unsound::Dimension(2)));
    assert_eq!(change(&|form| form.dimensions[0].found_from.clear()), Some(Unsound::Dimension(0)));
    assert_eq!(change(&|form| form.dimensions[0].elements.clear()), Some(Unsound::Dimension(0)));
    let nowhere = |form: &mut Form| form.questions[3].dimension = Some("nowhere".to_owned());
    assert_eq!(change(&nowhere), Some(Unsound::Question(3)));
    let both = |form: &mut Form| form.questions[4].counts = keys(&["yes", "no"]);
    assert_eq!(change(&both), Some(Unsound::Question(4)), "what always counts asks nothing");
    let unknown = |form: &mut Form| form.questions[4].counts = keys(&[UNKNOWN]);
    assert_eq!(change(&unknown), Some(Unsound::Question(4)), "what nobody knows is no answer");
    let nobody = |form: &mut Form| (form.questions[0].child, form.questions[0].adult) = (false, false);
    assert_eq!(change(&nobody), Some(Unsound::Question(0)));
    let free = |form: &mut Form| form.questions[0].kind = QuestionKind::Text;
    assert_eq!(change(&free), Some(Unsound::Question(0)), "free text does not count");
    let repeated = |form: &mut Form| form.questions[1].question = form.questions[0].question.clone();
    assert_eq!(change(&repeated), Some(Unsound::Question(1)));
    assert_eq!(change(&|form| form.child = keys(&["nothing"])), Some(Unsound::Elements));
    let for_nobody = |form: &mut Form| (form.child, form.adult) = (keys(&[]), keys(&[]));
    assert_eq!(change(&for_nobody), Some(Unsound::Elements));
    let much = Count { strong: 99, ..Count::default() };
    assert_eq!(change(&|form| form.dimensions[4].found_from = vec![much]), Some(Unsound::Result));
}
