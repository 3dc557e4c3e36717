//! The page of an escalation.

use maud::{Markup, html};

use super::{Frame, answers, facts, history, time};
use crate::desk::Seen;
use crate::pages::answers::{Forms, Problem};
use crate::words::Words;
use helpline_proto::escalation::v1::EscalationKind;

/// What has just come of an answer.
#[derive(Debug, Default)]
pub(crate) enum News {
    /// Nothing was answered.
    #[default]
    None,
    /// It was done; what is said of it.
    Done(&'static str),
    /// It was not.
    Problem(Problem),
}

/// The whole page.
pub(crate) fn page(frame: &Frame, seen: &Seen, forms: &Forms<'_>, news: &News) -> String {
    let words = frame.words();
    let kind = match seen.escalation.kind() {
        EscalationKind::MandatoryReport => words.report,
        _ => words.emergency,
    };
    let problem = match news {
        News::Problem(problem) => Some(problem),
        News::None | News::Done(_) => None,
    };
    let content = html! {
        (told(words, news))
        p.beside { (words.for_agency) " " bdi { (seen.visit.agency_display_name) } " · " bdi { (seen.visit.centre_display_name) } }
        (facts::facts(words, seen))
        (answers::answers(words, seen, forms, problem))
        (history::history(words, seen))
        (leaving(words, seen, forms, &frame.path))
    };
    frame.page(&format!("{kind} {}", seen.escalation.number), &content)
}

/// What has come of an answer: has the focus, so that whoever does not see the page hears it first.
fn told(words: &Words, news: &News) -> Markup {
    match news {
        News::None => html! {},
        News::Done(text) => html! { div.done role="status" tabindex="-1" autofocus { p { (text) } } },
        News::Problem(problem) => html! {
            div.problem role="alert" tabindex="-1" autofocus {
                h2 { (words.problem) }
                p {
                    @match problem.field() {
                        Some(field) => a href=(format!("#{field}")) { (problem.text(words)) },
                        None => (problem.text(words)),
                    }
                }
            }
        },
    }
}

fn leaving(words: &Words, seen: &Seen, forms: &Forms<'_>, path: &str) -> Markup {
    let now = time::read(seen.visit.server_time.as_ref());
    html! {
        section.leaving {
            p { a href=(path) { (words.refresh) } }
            p.beside { (words.until) " " (time::show(words, seen.visit.expire_time.as_ref(), now)) }
            form method="post" action=(format!("{path}/leave")) {
                input type="hidden" name="proof" value=(forms.proof);
                button.quiet type="submit" { (words.leave) }
            }
        }
    }
}
