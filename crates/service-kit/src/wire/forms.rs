//! Forms by which situations are assessed, as messages.

use helpline_domain::settings::forms::{
    Choice, Count, Dimension, Due, Form, Question, QuestionKind, Step, Strength,
};
use helpline_proto::directory::v1 as proto;
use prost_types::Duration;

both_ways!(question_kind, question_kind_from: QuestionKind, proto::QuestionKind {
    YesNo <=> YesNo, Choice <=> Choice, Number <=> Number, Date <=> Date, Text <=> Text,
});
both_ways!(strength, strength_from: Strength, proto::AnswerStrength {
    Strong <=> Strong, Medium <=> Medium, Weak <=> Weak,
});

fn task(task: &str, domain: Option<&str>, within_s: u32) -> proto::AssessmentTask {
    proto::AssessmentTask {
        task: task.to_owned(),
        domain: domain.unwrap_or_default().to_owned(),
        within: Some(Duration { seconds: within_s.into(), nanos: 0 }),
    }
}

/// A step that a form recommends, as its message.
pub fn recommended_task(step: &Step) -> proto::AssessmentTask {
    task(&step.task, step.domain.as_deref(), step.within_s)
}

fn count(one: &Count) -> proto::AnswerCount {
    let small = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    proto::AnswerCount { strong: small(one.strong), medium: small(one.medium), weak: small(one.weak) }
}

fn dimension(one: &Dimension) -> proto::AssessmentDimension {
    proto::AssessmentDimension {
        dimension: one.dimension.clone(),
        titles: one.titles.clone(),
        elements: one.elements.iter().cloned().collect(),
        found_from: one.found_from.iter().map(count).collect(),
        steps: one.steps.iter().map(recommended_task).collect(),
    }
}

fn question(one: &Question) -> proto::AssessmentQuestion {
    let option =
        |one: &Choice| proto::AnswerOption { option: one.option.clone(), titles: one.titles.clone() };
    proto::AssessmentQuestion {
        question: one.question.clone(),
        texts: one.texts.clone(),
        kind: question_kind(one.kind).into(),
        options: one.options.iter().map(option).collect(),
        dimension: one.dimension.clone().unwrap_or_default(),
        strength: strength(one.strength).into(),
        counts: one.counts.iter().cloned().collect(),
        child: one.child,
        adult: one.adult,
        required: one.required,
    }
}

/// A form as its message.
pub fn assessment_form(form: &Form) -> proto::AssessmentForm {
    let due = |one: &Due| task(&one.task, None, one.within_s);
    proto::AssessmentForm {
        form: form.form.clone(),
        titles: form.titles.clone(),
        dimensions: form.dimensions.iter().map(dimension).collect(),
        questions: form.questions.iter().map(question).collect(),
        child_elements: form.child.iter().cloned().collect(),
        adult_elements: form.adult.iter().cloned().collect(),
        needs_approval: form.needs_approval,
        again: form.again.as_ref().map(due),
        follow_up: form.follow_up.as_ref().map(due),
    }
}
