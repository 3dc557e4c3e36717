//! English, of tasks.

use crate::words::Choice;
use crate::words::task::Words;

pub(super) const WORDS: Words = Words {
    title: "What you are asked to do",
    one: "Task",
    tasks: &[
        ("first_step", "First step"),
        ("follow_up", "Follow-up visit"),
        ("visit", "Visit"),
        ("school_place", "A place in a school"),
        ("appoint_guardian", "Have a guardian appointed"),
        ("name_guardian", "Name a guardian"),
        ("guardianship", "Arrange guardianship"),
        ("health_check", "Health check"),
        ("register_birth", "Have the birth registered"),
        ("enrol_in_school", "Enrol in school"),
        ("social_assessment", "Assess the social situation"),
        ("detention_screening", "Screening in detention"),
        ("detention_review", "Review of the detention"),
        ("place_without_detention", "Find a place outside detention"),
    ],
    domain: "What it is about",
    domains: &[
        ("education", "School and learning"),
        ("psychosocial", "Psychological and social support"),
        ("health", "Health"),
        ("documents", "Documents"),
        ("guardianship", "Guardianship"),
        ("housing", "Housing"),
        ("community", "Life in the community"),
    ],
    states: ["Not known", "It waits for your answer", "You are doing it", "Done", "Not to be done any more"],
    due: "To be done by",
    note: "What else to know",
    accept: Choice {
        label: "We do it",
        hint: "The helpline sees that you have taken it on.",
        done: "Noted: your agency does it. Thank you. Say here when it is done.",
    },
    decline: Choice {
        label: "We cannot do it",
        hint: "The helpline finds another way. The task is not shown to you any more.",
        done: "Noted: your agency cannot do it. The helpline finds another way.",
    },
    complete: Choice {
        label: "It is done",
        hint: "Say it when nothing of it is left to do.",
        done: "Noted: it is done. Thank you.",
    },
};
