//! What a form says, or what is missing in it.

use helpline_proto::escalation::v1::{EscalationDeclineReason, EscalationState};
use helpline_proto::referral::v1::{AppointmentState, ReferralOutcome, RejectReason};
use serde::Deserialize;
use tonic::{Code, Status};
use uuid::Uuid;

use super::visit::Place;
use crate::desk::{Answer, escalation, referral, task};
use crate::pages::escalation as emergency;
use crate::pages::form::{LEAVE_REMARK, NUMBER, Problem, REMARK, Written};
use crate::pages::referral as asked;
use crate::pages::time::from_local;

/// A form of a page. Fields that a form does not have are empty.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AnswerForm {
    pub(super) proof: String,
    pub(super) request_id: String,
    pub(super) answer: String,
    task: String,
    revision: String,
    last: String,
    zone: String,
    reason: String,
    remark: String,
    sure: String,
    number: String,
    date: String,
    time: String,
    served: String,
    question: String,
}

impl AnswerForm {
    /// The revision that was looked at.
    pub(super) fn revision(&self) -> i64 {
        self.revision.parse().unwrap_or_default()
    }

    /// What is shown again when it cannot be used.
    pub(super) fn written(self) -> Written {
        Written {
            task: self.task(),
            answer: self.answer,
            last: self.last.parse().unwrap_or_default(),
            reason: self.reason.parse().unwrap_or_default(),
            remark: self.remark,
            number: self.number,
            date: self.date,
            time: self.time,
            served: self.served,
        }
    }

    /// The task that it is about.
    fn task(&self) -> Option<Uuid> {
        Uuid::parse_str(&self.task).ok()
    }

    /// The remark of this answer, which has this many characters at least.
    fn remark(&self, least: usize, answer: &'static str) -> Result<String, Problem> {
        // Browsers send line breaks as two characters; what is counted is what was typed.
        let remark = self.remark.replace("\r\n", "\n").trim().to_owned();
        let fits = (least..=REMARK).contains(&remark.chars().count());
        if fits { Ok(remark) } else { Err(Problem::Remark(answer)) }
    }

    /// What was chosen from a list, if it can be.
    fn chosen<T>(&self, answer: &'static str, read: impl Fn(i32) -> Option<T>) -> Result<T, Problem> {
        let value = self.reason.parse().ok().filter(|value| *value > 0);
        value.and_then(read).ok_or(Problem::Reason(answer))
    }

    /// Which of these was chosen; the last is said in words.
    fn key(&self, answer: &'static str, keys: &[&'static str; 5]) -> Result<(&'static str, String), Problem> {
        let place =
            self.chosen(answer, |value| usize::try_from(value - 1).ok().filter(|&at| at < keys.len()))?;
        let remark = self.remark(usize::from(place + 1 == keys.len()), answer)?;
        Ok((keys[place], remark))
    }
}

/// What is answered at this place.
pub(super) fn read(place: Place, form: &AnswerForm) -> Result<Answer, Problem> {
    match place {
        Place::Escalation => of_escalation(form).map(Answer::Escalation),
        Place::Referral if form.task.is_empty() => of_referral(form).map(Answer::Referral),
        Place::Referral => of_task(form).map(Answer::Task),
    }
}

fn of_escalation(form: &AnswerForm) -> Result<escalation::Answer, Problem> {
    use emergency::{ACCEPT, ACKNOWLEDGE, DECLINE, ON_SCENE, REACHED, RESPONDING};
    use escalation::Answer;
    Ok(match form.answer.as_str() {
        ACKNOWLEDGE => Answer::Acknowledge,
        ACCEPT => Answer::Accept,
        DECLINE => {
            let reason = form.chosen(DECLINE, |value| EscalationDeclineReason::try_from(value).ok())?;
            Answer::Decline(reason, form.remark(0, DECLINE)?)
        }
        RESPONDING => Answer::Progress(EscalationState::Responding, String::new()),
        ON_SCENE => Answer::Progress(EscalationState::OnScene, String::new()),
        REACHED if form.sure == "yes" => Answer::Progress(EscalationState::ChildReached, String::new()),
        REACHED => return Err(Problem::Sure),
        LEAVE_REMARK => Answer::Remark(form.remark(1, LEAVE_REMARK)?),
        _ => return Err(Problem::Stale),
    })
}

fn of_referral(form: &AnswerForm) -> Result<referral::Answer, Problem> {
    use asked::{
        ACCEPT, AGREE, ATTENDED, BEGIN, CALLED_OFF, CANCEL, CANCEL_REASONS, CLOSE, KEEP, PAUSE, PAUSES,
        REJECT, SCHEDULE, UNATTENDED,
    };
    use referral::{Answer, Step};
    let plain = |step| Answer { step, remark: String::new() };
    Ok(match form.answer.as_str() {
        ACCEPT => {
            let number = form.number.trim().to_owned();
            if number.chars().count() > NUMBER {
                return Err(Problem::Number(ACCEPT));
            }
            Answer { step: Step::Accept(number), remark: form.remark(0, ACCEPT)? }
        }
        REJECT => {
            let reason = form.chosen(REJECT, |value| RejectReason::try_from(value).ok())?;
            let remark = form.remark(usize::from(reason == RejectReason::Other), REJECT)?;
            Answer { step: Step::Reject(reason), remark }
        }
        BEGIN => plain(Step::Begin),
        PAUSE => {
            let (reason, remark) = form.key(PAUSE, &PAUSES)?;
            Answer { step: Step::Pause(reason), remark }
        }
        CLOSE => {
            let served = match form.served.as_str() {
                "yes" => true,
                "no" => false,
                _ => return Err(Problem::Served(CLOSE)),
            };
            let outcome = form.chosen(CLOSE, |value| ReferralOutcome::try_from(value).ok())?;
            let remark = form.remark(usize::from(outcome == ReferralOutcome::Other), CLOSE)?;
            Answer { step: Step::Close(served, outcome), remark }
        }
        SCHEDULE => {
            let time = from_local(&form.date, &form.time, &form.zone).ok_or(Problem::When(SCHEDULE))?;
            Answer { step: Step::Schedule(time), remark: form.remark(0, SCHEDULE)? }
        }
        ATTENDED => plain(Step::Appointment(AppointmentState::Attended)),
        UNATTENDED => plain(Step::Appointment(AppointmentState::Unattended)),
        CALLED_OFF => plain(Step::Appointment(AppointmentState::Cancelled)),
        CANCEL => {
            let (reason, remark) = form.key(CANCEL, &CANCEL_REASONS)?;
            Answer { step: Step::AskToCancel(reason), remark }
        }
        AGREE => plain(Step::AnswerCancel(true)),
        KEEP => plain(Step::AnswerCancel(false)),
        LEAVE_REMARK => {
            Answer { step: Step::Remark(form.question == "yes"), remark: form.remark(1, LEAVE_REMARK)? }
        }
        _ => return Err(Problem::Stale),
    })
}

fn of_task(form: &AnswerForm) -> Result<task::Answer, Problem> {
    use asked::{TASK_ACCEPT, TASK_COMPLETE, TASK_DECLINE};
    use task::{Answer, Step};
    let (step, answer) = match form.answer.as_str() {
        TASK_ACCEPT => (Step::Accept, TASK_ACCEPT),
        TASK_DECLINE => (Step::Decline, TASK_DECLINE),
        TASK_COMPLETE => (Step::Complete, TASK_COMPLETE),
        _ => return Err(Problem::Stale),
    };
    let id = form.task().ok_or(Problem::Stale)?;
    let remark = form.remark(0, answer).map_err(|_| Problem::TaskRemark(answer, id))?;
    Ok(Answer { task_id: id.to_string(), step, remark })
}

/// Answers in which nothing but what was written can be refused as it is.
const WRITTEN: [&str; 9] = [
    emergency::DECLINE,
    asked::ACCEPT,
    asked::REJECT,
    asked::PAUSE,
    asked::CLOSE,
    asked::CANCEL,
    asked::TASK_DECLINE,
    asked::TASK_COMPLETE,
    LEAVE_REMARK,
];

/// What of a refusal is the visitor's to mend.
pub(super) fn problem(status: &Status, form: &AnswerForm) -> Option<Problem> {
    let written = WRITTEN.into_iter().find(|answer| *answer == form.answer && !form.remark.is_empty());
    let at = |answer| form.task().map_or(Problem::Remark(answer), |task| Problem::TaskRemark(answer, task));
    match (status.code(), form.answer.as_str()) {
        (Code::InvalidArgument, asked::SCHEDULE) => Some(Problem::When(asked::SCHEDULE)),
        (Code::InvalidArgument, _) => Some(written.map_or(Problem::Stale, at)),
        (Code::AlreadyExists, _) => Some(Problem::Stale),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(answer: &str, remark: &str) -> AnswerForm {
        AnswerForm { answer: answer.to_owned(), remark: remark.to_owned(), ..AnswerForm::default() }
    }

    fn chosen(answer: &str, reason: &str, remark: &str) -> AnswerForm {
        AnswerForm { reason: reason.to_owned(), ..form(answer, remark) }
    }

    #[test]
    fn a_remark_is_measured_as_it_was_typed() {
        use escalation::Answer::Remark;
        assert!(matches!(of_escalation(&form(LEAVE_REMARK, " \r\n ")), Err(Problem::Remark(LEAVE_REMARK))));
        let lines = "я\r\n".repeat(1000);
        let read = of_escalation(&form(LEAVE_REMARK, &lines));
        assert!(matches!(read, Ok(Remark(text)) if text.chars().count() == 1999));
        assert!(matches!(of_escalation(&form(LEAVE_REMARK, &"x".repeat(2001))), Err(Problem::Remark(_))));
    }

    #[test]
    fn nobody_says_by_one_click_that_the_child_was_reached() {
        use escalation::Answer::Progress;
        assert!(matches!(of_escalation(&form(emergency::REACHED, "")), Err(Problem::Sure)));
        let sure = AnswerForm { sure: "yes".to_owned(), ..form(emergency::REACHED, "") };
        assert!(matches!(of_escalation(&sure), Ok(Progress(EscalationState::ChildReached, _))));
    }

    #[test]
    fn whoever_says_no_chooses_one_of_the_reasons() {
        use escalation::Answer::Decline;
        for reason in ["", "0", "7", "-1", "x"] {
            let read = of_escalation(&chosen(emergency::DECLINE, reason, ""));
            assert!(matches!(read, Err(Problem::Reason(emergency::DECLINE))), "{reason}");
        }
        let read = of_escalation(&chosen(emergency::DECLINE, "6", "because"));
        assert!(matches!(read, Ok(Decline(EscalationDeclineReason::Other, text)) if text == "because"));
        for answer in [asked::REJECT, asked::PAUSE, asked::CANCEL] {
            for reason in ["", "0", "15", "-1", "x", "2147483648"] {
                let read = of_referral(&chosen(answer, reason, "because"));
                assert!(matches!(read, Err(Problem::Reason(at)) if at == answer), "{answer} {reason}");
            }
        }
    }

    #[test]
    fn something_else_is_said_in_words() {
        use referral::Step::{AskToCancel, Close, Pause, Reject};
        let step =
            |answer, reason, remark| of_referral(&chosen(answer, reason, remark)).map(|read| read.step);
        assert_eq!(step(asked::REJECT, "14", " "), Err(Problem::Remark(asked::REJECT)));
        assert_eq!(step(asked::REJECT, "14", "we moved"), Ok(Reject(RejectReason::Other)));
        assert_eq!(step(asked::REJECT, "1", ""), Ok(Reject(RejectReason::AtCapacity)));
        assert_eq!(step(asked::PAUSE, "5", ""), Err(Problem::Remark(asked::PAUSE)));
        assert_eq!(step(asked::PAUSE, "2", ""), Ok(Pause("waiting_list")));
        assert_eq!(step(asked::CANCEL, "4", ""), Ok(AskToCancel("cannot_serve")));
        assert_eq!(step(asked::CLOSE, "1", ""), Err(Problem::Served(asked::CLOSE)));
        let served = AnswerForm { served: "no".to_owned(), ..chosen(asked::CLOSE, "6", "") };
        assert_eq!(of_referral(&served).map(|read| read.step), Ok(Close(false, ReferralOutcome::NoShow)));
        let other = AnswerForm { served: "yes".to_owned(), ..chosen(asked::CLOSE, "10", "") };
        assert_eq!(of_referral(&other), Err(Problem::Remark(asked::CLOSE)));
    }

    #[test]
    fn an_answer_of_another_kind_of_page_is_none() {
        assert!(matches!(of_referral(&form(emergency::REACHED, "")), Err(Problem::Stale)));
        assert!(matches!(of_escalation(&form(asked::SCHEDULE, "")), Err(Problem::Stale)));
        assert!(matches!(of_referral(&form(asked::SCHEDULE, "")), Err(Problem::When(_))));
        let of = |answer, task: &str| AnswerForm { task: task.to_owned(), ..form(answer, "") };
        let id = Uuid::nil().to_string();
        for (answer, task) in [(asked::TASK_DECLINE, "x"), (asked::ACCEPT, id.as_str())] {
            assert!(
                matches!(read(Place::Referral, &of(answer, task)), Err(Problem::Stale)),
                "{answer} {task}"
            );
        }
        assert!(matches!(read(Place::Referral, &of(asked::TASK_DECLINE, &id)), Ok(Answer::Task(_))));
        assert!(matches!(read(Place::Referral, &of(asked::TASK_DECLINE, "")), Err(Problem::Stale)));
        assert!(matches!(read(Place::Escalation, &of(asked::TASK_DECLINE, &id)), Err(Problem::Stale)));
        let long = AnswerForm { number: "7".repeat(101), ..form(asked::ACCEPT, "") };
        assert!(matches!(of_referral(&long), Err(Problem::Number(_))));
    }
}
