//! The page of what is visited: what has just come of an answer, what is known, what can be answered, what has happened.

use maud::{Markup, html};

use super::form::{Forms, News, Problem};
use super::{Frame, escalation, history, referral, time};
use crate::desk::{Seen, Subject};
use crate::words::Words;

/// The whole page.
pub(crate) fn page(frame: &Frame, seen: &Seen, forms: &Forms<'_>) -> String {
    let words = frame.words();
    let (heading, known, answers) = match &seen.subject {
        Subject::Escalation(one) => escalation::parts(words, seen, one, forms),
        Subject::Referral(one, tasks) => referral::parts(words, seen, (one, tasks), forms),
    };
    let content = html! {
        (told(words, seen, forms))
        p.beside { (words.for_agency) " " bdi { (seen.visit.agency_display_name) } " · " bdi { (seen.visit.centre_display_name) } }
        (known)
        (answers)
        (history::history(words, seen))
        (leaving(words, seen, forms, &frame.path))
    };
    frame.page(&heading, &content)
}

/// What has come of an answer: has the focus, so that whoever does not see the page hears it first.
fn told(words: &Words, seen: &Seen, forms: &Forms<'_>) -> Markup {
    match forms.news {
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
                @if problem == Problem::Changed {
                    (history::since(words, seen, forms.written.last))
                }
                // Its form may not be there any more.
                @if problem.field().is_none() && !forms.written.remark.is_empty() {
                    p { (words.you_wrote) }
                    p.written dir="auto" { (forms.written.remark) }
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

/// A fact that is one of a list.
pub(super) fn coded(name: &str, value: &str) -> Markup {
    html! {
        dt { (name) }
        dd { (value) }
    }
}

/// A fact in somebody's words, if there are any.
pub(super) fn written(name: &str, text: &str) -> Markup {
    html! {
        @if !text.is_empty() {
            dt { (name) }
            dd.written dir="auto" { (text) }
        }
    }
}
