//! A visit: the page of an escalation, and what is answered on it. Whether the visit is still good is asked of the API with
//! every request.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use helpline_proto::escalation::v1::{EscalationDeclineReason as Reason, EscalationState};
use helpline_vault::BearerToken;
use serde::Deserialize;
use tonic::{Code, Status};
use uuid::Uuid;

use super::{Wish, frame, is_shut};
use crate::House;
use crate::desk::Answer;
use crate::guard::cookie;
use crate::pages::answers::{
    ACCEPT, ACKNOWLEDGE, DECLINE, Forms, LEAVE_REMARK, ON_SCENE, Problem, REACHED, REMARK, RESPONDING,
    Written, done,
};
use crate::pages::escalation::{News, page};

/// The cookie of a visit.
pub(super) const VISIT: &str = "helpline_visit";

/// A form of the page. Fields that a form does not have are empty.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AnswerForm {
    proof: String,
    request_id: String,
    answer: String,
    reason: String,
    remark: String,
    sure: String,
}

/// The path of the page of an escalation.
pub(super) fn path(escalation_id: &str) -> String {
    format!("/escalation/{escalation_id}")
}

/// Shows an escalation.
pub(super) async fn show(
    State(house): State<Arc<House>>,
    Path(id): Path<Uuid>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Response {
    let words = frame(&wish, &headers, "/").words();
    let news = wish.done.as_deref().and_then(|answer| done(words, answer)).map_or(News::None, News::Done);
    let Some(token) = bearer(&headers) else { return over(&house, &wish, &headers) };
    look(&house, id, (&wish, &headers), &token, (StatusCode::OK, news, Written::default())).await
}

/// Carries an answer out and shows the page anew, so that reloading it does not answer again.
pub(super) async fn answer(
    State(house): State<Arc<House>>,
    Path(id): Path<Uuid>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
    form: Result<Form<AnswerForm>, FormRejection>,
) -> Response {
    let Some(token) = bearer(&headers) else { return over(&house, &wish, &headers) };
    let Ok(Form(form)) = form else {
        let frame = frame(&wish, &headers, path(&id.to_string()));
        return house.note(StatusCode::BAD_REQUEST, &wish, &frame, |words| frame.note(&words.not_understood));
    };
    let sent = if token.has_form_proof(&form.proof) { read(&form) } else { Err(Problem::Stale) };
    let problem = match sent {
        Ok(answer) => {
            let done = house.desk.answer(&token, (form.request_id.clone(), id.to_string()), answer).await;
            match done.map_err(|status| problem(&status, &form)) {
                Ok(()) => return told(id, &form.answer),
                Err(Some(problem)) => problem,
                // Whether it may still be seen, and whether anybody answers, the page itself finds out.
                Err(None) => Problem::Changed,
            }
        }
        Err(problem) => problem,
    };
    let written =
        Written { answer: form.answer, reason: form.reason.parse().unwrap_or_default(), remark: form.remark };
    let status = match problem {
        Problem::Changed | Problem::Stale => StatusCode::CONFLICT,
        Problem::Reason | Problem::Remark(_) | Problem::Sure => StatusCode::UNPROCESSABLE_ENTITY,
    };
    look(&house, id, (&wish, &headers), &token, (status, News::Problem(problem), written)).await
}

/// Forgets the visit in this browser, which alone knows its token.
pub(super) async fn leave(
    State(house): State<Arc<House>>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    form: Result<Form<AnswerForm>, FormRejection>,
) -> Response {
    let wish = Wish::default();
    let proven =
        form.is_ok_and(|Form(form)| bearer(&headers).is_some_and(|token| token.has_form_proof(&form.proof)));
    if !proven {
        return over(&house, &wish, &headers);
    }
    let frame = frame(&wish, &headers, "/");
    let mut response = house.note(StatusCode::OK, &wish, &frame, |words| frame.note(&words.left));
    let gone = format!("{VISIT}=; Path={}; Max-Age=0{}", path(&id.to_string()), house.cookie_end());
    if let Ok(gone) = gone.parse() {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

/// The page as it is now, or why there is none.
async fn look(
    house: &House,
    id: Uuid,
    (wish, headers): (&Wish, &HeaderMap),
    token: &BearerToken,
    (status, news, written): (StatusCode, News, Written),
) -> Response {
    let frame = frame(wish, headers, path(&id.to_string()));
    match house.desk.look(token).await {
        Ok(seen) if seen.escalation.escalation_id == id.to_string() => {
            let request_id = || house.ids.v4().to_string();
            let forms = Forms { proof: token.form_proof(), request_id: &request_id, written };
            house.page(status, wish, &frame, page(&frame, &seen, &forms, &news))
        }
        Ok(_) => over(house, wish, headers),
        Err(status) if is_shut(&status) => over(house, wish, headers),
        Err(_) => house.note(StatusCode::SERVICE_UNAVAILABLE, wish, &frame, |words| frame.note(&words.away)),
    }
}

fn over(house: &House, wish: &Wish, headers: &HeaderMap) -> Response {
    let frame = frame(wish, headers, "/");
    house.note(StatusCode::FORBIDDEN, wish, &frame, |words| frame.note(&words.over))
}

fn bearer(headers: &HeaderMap) -> Option<BearerToken> {
    BearerToken::parse(cookie(headers, VISIT)?).ok()
}

fn told(id: Uuid, answer: &str) -> Response {
    let to = format!("{}?done={answer}", path(&id.to_string()));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// What a form says, or what is missing in it.
fn read(form: &AnswerForm) -> Result<Answer, Problem> {
    // Browsers send line breaks as two characters; what is counted is what was typed.
    let remark = form.remark.replace("\r\n", "\n").trim().to_owned();
    let length = remark.chars().count();
    let checked = |least: usize, answer: &'static str| {
        if (least..=REMARK).contains(&length) { Ok(remark.clone()) } else { Err(Problem::Remark(answer)) }
    };
    Ok(match form.answer.as_str() {
        ACKNOWLEDGE => Answer::Acknowledge,
        ACCEPT => Answer::Accept,
        DECLINE => {
            let reason = form.reason.parse().ok().and_then(|value: i32| Reason::try_from(value).ok());
            let reason = reason.filter(|reason| *reason != Reason::Unspecified).ok_or(Problem::Reason)?;
            Answer::Decline(reason, checked(0, DECLINE)?)
        }
        RESPONDING => Answer::Progress(EscalationState::Responding, String::new()),
        ON_SCENE => Answer::Progress(EscalationState::OnScene, String::new()),
        REACHED if form.sure == "yes" => Answer::Progress(EscalationState::ChildReached, String::new()),
        REACHED => return Err(Problem::Sure),
        LEAVE_REMARK => Answer::Remark(checked(1, LEAVE_REMARK)?),
        _ => return Err(Problem::Stale),
    })
}

/// What of a refusal is the visitor's to mend.
fn problem(status: &Status, form: &AnswerForm) -> Option<Problem> {
    match (status.code(), form.answer.as_str()) {
        (Code::InvalidArgument, DECLINE) => Some(Problem::Remark(DECLINE)),
        (Code::InvalidArgument, LEAVE_REMARK) => Some(Problem::Remark(LEAVE_REMARK)),
        (Code::InvalidArgument | Code::AlreadyExists, _) => Some(Problem::Stale),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(answer: &str, remark: &str) -> AnswerForm {
        AnswerForm { answer: answer.to_owned(), remark: remark.to_owned(), ..AnswerForm::default() }
    }

    #[test]
    fn a_remark_is_measured_as_it_was_typed() {
        assert!(matches!(read(&form(LEAVE_REMARK, " \r\n ")), Err(Problem::Remark(LEAVE_REMARK))));
        let lines = "я\r\n".repeat(1000);
        assert!(
            matches!(read(&form(LEAVE_REMARK, &lines)), Ok(Answer::Remark(text)) if text.chars().count() == 1999)
        );
        assert!(matches!(read(&form(LEAVE_REMARK, &"x".repeat(2001))), Err(Problem::Remark(_))));
    }

    #[test]
    fn nobody_says_by_one_click_that_the_child_was_reached() {
        assert!(matches!(read(&form(REACHED, "")), Err(Problem::Sure)));
        let sure = AnswerForm { sure: "yes".to_owned(), ..form(REACHED, "") };
        assert!(matches!(read(&sure), Ok(Answer::Progress(EscalationState::ChildReached, _))));
    }

    #[test]
    fn a_decline_needs_one_of_the_reasons() {
        for reason in ["", "0", "7", "-1", "x"] {
            let sent = AnswerForm { reason: reason.to_owned(), ..form(DECLINE, "") };
            assert!(matches!(read(&sent), Err(Problem::Reason)), "{reason}");
        }
        let sent = AnswerForm { reason: "6".to_owned(), ..form(DECLINE, "because") };
        assert!(matches!(read(&sent), Ok(Answer::Decline(Reason::Other, text)) if text == "because"));
    }
}
