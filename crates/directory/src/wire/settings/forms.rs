//! Forms by which situations are assessed.

use std::collections::BTreeSet;

use helpline_domain::settings::forms::{
    Choice, Count, Dimension, Due, Form, Question, Step, Strength, Unsound, usual,
};
use helpline_proto::directory::v1 as proto;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::wire::{question_kind_from, strength_from};

use super::{HOUR, MINUTE, keys, seconds, texts};

const MOST_FORMS: usize = 30;
const MOST_DIMENSIONS: usize = 30;
const MOST_QUESTIONS: usize = 200;
const MOST_OPTIONS: usize = 50;
const MOST_ELEMENTS: usize = 10;
const MOST_STEPS: usize = 10;
const MOST_COUNTED: i32 = 100;
const LONGEST_QUESTION: usize = 500;

/// Reads the forms; none means the usual ones.
pub(super) fn read(fields: &mut Fields, sent: &[proto::AssessmentForm]) -> Option<Vec<Form>> {
    if sent.is_empty() {
        return Some(usual());
    }
    let read = fields.list("assessment_forms", sent, MOST_FORMS, form)?;
    let mut known = BTreeSet::new();
    let mut good = true;
    for (place, one) in read.iter().enumerate() {
        if !known.insert(one.form.as_str()) {
            fields.refuse(&format!("assessment_forms[{place}].form"), "each form once");
            good = false;
        }
    }
    good.then_some(read)
}

fn form(fields: &mut Fields, sent: &proto::AssessmentForm) -> Option<Form> {
    let form = fields.key("form", &sent.form);
    let titles = texts(fields, "titles", &sent.titles, LONGEST_QUESTION);
    let dimensions = fields.list("dimensions", &sent.dimensions, MOST_DIMENSIONS, dimension);
    let questions = fields.list("questions", &sent.questions, MOST_QUESTIONS, question);
    let child = keys(fields, "child_elements", &sent.child_elements, MOST_ELEMENTS);
    let adult = keys(fields, "adult_elements", &sent.adult_elements, MOST_ELEMENTS);
    let mut due = |path: &str, sent: Option<&proto::AssessmentTask>| match sent {
        None => Some(None),
        Some(sent) => fields.within(path, |fields| {
            let Step { task, domain, within_s } = step(fields, sent)?;
            if domain.is_some() {
                fields.refuse("domain", "empty here");
                return None;
            }
            Some(Some(Due { task, within_s }))
        }),
    };
    let (again, follow_up) = (due("again", sent.again.as_ref()), due("follow_up", sent.follow_up.as_ref()));
    let read = Form {
        form: form?,
        titles: titles?,
        dimensions: dimensions?,
        questions: questions?,
        child: child?,
        adult: adult?,
        needs_approval: sent.needs_approval,
        again: again?,
        follow_up: follow_up?,
    };
    let Some(wrong) = read.unsound() else { return Some(read) };
    let (path, expected) = match wrong {
        Unsound::Dimension(place) => (
            format!("dimensions[{place}]"),
            "each once, with an element, and found from at least one answer that counts",
        ),
        Unsound::Question(place) => (
            format!("questions[{place}]"),
            "each once, asked about somebody, of a dimension of the form, with some but not all of its answers counting there; options \
             where it is answered by choice",
        ),
        Unsound::Elements => {
            ("child_elements".to_owned(), "elements of the dimensions; of children, of adults, or of both")
        }
        Unsound::Result => {
            ("dimensions".to_owned(), "positive when every answer counts, negative when none does")
        }
    };
    fields.refuse(&path, expected);
    None
}

fn step(fields: &mut Fields, sent: &proto::AssessmentTask) -> Option<Step> {
    let task = fields.key("task", &sent.task);
    let domain = fields.optional_key("domain", &sent.domain);
    let within = fields
        .required("within", sent.within.as_ref())
        .and_then(|within| seconds(fields, "within", Some(within), MINUTE..=366 * 24 * HOUR, 0));
    Some(Step { task: task?, domain: domain?, within_s: within? })
}

fn count(fields: &mut Fields, sent: &proto::AnswerCount) -> Option<Count> {
    let mut of =
        |path, sent| fields.int(path, sent, 0..=MOST_COUNTED).and_then(|number| u32::try_from(number).ok());
    let (strong, medium, weak) =
        (of("strong", sent.strong), of("medium", sent.medium), of("weak", sent.weak));
    Some(Count { strong: strong?, medium: medium?, weak: weak? })
}

fn dimension(fields: &mut Fields, sent: &proto::AssessmentDimension) -> Option<Dimension> {
    let dimension = fields.key("dimension", &sent.dimension);
    let titles = texts(fields, "titles", &sent.titles, LONGEST_QUESTION);
    let elements = keys(fields, "elements", &sent.elements, MOST_ELEMENTS);
    let found_from = fields.list("found_from", &sent.found_from, MOST_ELEMENTS, count);
    let steps = fields.list("steps", &sent.steps, MOST_STEPS, step);
    Some(Dimension {
        dimension: dimension?,
        titles: titles?,
        elements: elements?,
        found_from: found_from?,
        steps: steps?,
    })
}

fn question(fields: &mut Fields, sent: &proto::AssessmentQuestion) -> Option<Question> {
    let question = fields.key("question", &sent.question);
    let said = texts(fields, "texts", &sent.texts, LONGEST_QUESTION);
    let kind = fields.choice("kind", sent.kind, proto::QuestionKind::as_str_name);
    let options = fields.list("options", &sent.options, MOST_OPTIONS, |fields, sent| {
        let option = fields.key("option", &sent.option);
        let titles = texts(fields, "titles", &sent.titles, LONGEST_QUESTION);
        Some(Choice { option: option?, titles: titles? })
    });
    let dimension = fields.optional_key("dimension", &sent.dimension);
    let strength = fields.optional_choice("strength", sent.strength, proto::AnswerStrength::as_str_name);
    let counts = keys(fields, "counts", &sent.counts, MOST_OPTIONS);
    Some(Question {
        question: question?,
        texts: said?,
        kind: kind.and_then(question_kind_from)?,
        options: options?,
        dimension: dimension?,
        strength: strength?.and_then(strength_from).unwrap_or(Strength::Medium),
        counts: counts?,
        child: sent.child,
        adult: sent.adult,
        required: sent.required,
    })
}
