//! Casework on the wire.

pub(crate) mod assessments;
pub(crate) mod cases;
pub(crate) mod migrants;
pub(crate) mod people;
pub(crate) mod tasks;

use helpline_domain::assessment::{Outcome, Subject};
use helpline_domain::case::{Approval, SectionKind};
use helpline_domain::person::{MergeState, Relation};
use helpline_domain::task::TaskState;
use helpline_proto::casework::v1 as proto;
use helpline_service_kit::fields::Fields;
use helpline_vault::Sensitive;
use uuid::Uuid;

/// Characters of a remark, a reason and the note of a task.
pub(crate) const REMARK: usize = 2000;

/// Defines both directions between an enum of the domain and one of the API.
macro_rules! both_ways {
    ($to:ident, $from:ident: $domain:ident, $wire:path { $($word:ident),+ $(,)? }) => {
        pub(crate) const fn $to(value: $domain) -> $wire {
            use $wire as Wire;
            match value {
                $($domain::$word => Wire::$word,)+
            }
        }

        pub(crate) const fn $from(value: $wire) -> Option<$domain> {
            use $wire as Wire;
            Some(match value {
                $(Wire::$word => $domain::$word,)+
                Wire::Unspecified => return None,
            })
        }
    };
}
use both_ways;

both_ways!(relation, relation_from: Relation, proto::Relation { Sibling, Parent, Guardian, Grandparent, OtherCaregiver });
both_ways!(section_kind, section_kind_from: SectionKind, proto::SectionKind {
    Assessment, BestInterests, Plan, Note, Decision, Safety, Document,
});
both_ways!(approval, approval_from: Approval, proto::CaseApproval { Close });
both_ways!(subject, subject_from: Subject, proto::AssessmentSubject { Child, Adult });
both_ways!(outcome, outcome_from: Outcome, proto::AssessmentOutcome { Negative, Unclear, Positive });

pub(crate) const fn merge_state(state: MergeState) -> proto::MergeState {
    match state {
        MergeState::Asked => proto::MergeState::Asked,
        MergeState::Refused => proto::MergeState::Refused,
        MergeState::Merged => proto::MergeState::Merged,
        MergeState::Undone => proto::MergeState::Undone,
    }
}

pub(crate) const fn task_state(state: TaskState) -> proto::TaskState {
    match state {
        TaskState::Open => proto::TaskState::Open,
        TaskState::Accepted => proto::TaskState::Accepted,
        TaskState::Completed => proto::TaskState::Completed,
        TaskState::Cancelled => proto::TaskState::Cancelled,
    }
}

pub(crate) fn id(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

pub(crate) fn text(text: Option<&Sensitive<String>>) -> String {
    text.map(|text| text.expose().clone()).unwrap_or_default()
}

/// What was said, if anything was.
pub(crate) struct Said(pub(crate) Option<Sensitive<String>>);

/// Text that may be missing. `None` when it cannot be used.
pub(crate) fn sensitive(
    fields: &mut Fields,
    path: &str,
    sent: &str,
    length: std::ops::RangeInclusive<usize>,
) -> Option<Said> {
    let text = fields.text(path, sent, length)?;
    Some(Said(Some(text).filter(|text| !text.is_empty()).map(|text| Sensitive::new("narrative", text))))
}
