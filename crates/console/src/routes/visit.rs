//! A visit: the page of an escalation or a referral, and what is answered on it. Whether the visit is still good is asked of
//! the API with every request.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use helpline_vault::BearerToken;
use uuid::Uuid;

use super::read::{AnswerForm, problem, read};
use super::{Wish, frame, is_shut};
use crate::House;
use crate::desk::{Seen, Sent, Subject};
use crate::guard::cookie;
use crate::pages::form::{News, Problem, Written};
use crate::pages::visit::page;
use crate::pages::{escalation, form::Forms, referral};
use crate::words::Words;

/// The cookie of a visit.
pub(super) const VISIT: &str = "helpline_visit";

/// What can be visited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Escalation,
    Referral,
}

impl Place {
    /// The path of the page of one.
    pub(super) fn path(self, id: &str) -> String {
        match self {
            Self::Escalation => format!("/escalation/{id}"),
            Self::Referral => format!("/referral/{id}"),
        }
    }

    /// What was said of an answer when it is done.
    fn done(self, words: &Words, answer: &str) -> Option<&'static str> {
        match self {
            Self::Escalation => escalation::done(words, answer),
            Self::Referral => referral::done(words, answer),
        }
    }

    /// Whether this is what is seen.
    fn shows(self, seen: &Seen, id: &str) -> bool {
        match (self, &seen.subject) {
            (Self::Escalation, Subject::Escalation(one)) => one.escalation_id == id,
            (Self::Referral, Subject::Referral(one, _)) => one.referral_id == id,
            _ => false,
        }
    }
}

/// One thing that is visited.
type Visited = (Place, Uuid);

/// Shows what is visited.
pub(super) async fn show(
    State(house): State<Arc<House>>,
    Extension(place): Extension<Place>,
    Path(id): Path<Uuid>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Response {
    let words = frame(&wish, &headers, "/").words();
    let news =
        wish.done.as_deref().and_then(|answer| place.done(words, answer)).map_or(News::None, News::Done);
    let Some(token) = bearer(&headers) else { return over(&house, &wish, &headers) };
    look(&house, (place, id), (&wish, &headers), &token, (StatusCode::OK, news, Written::default())).await
}

/// Carries an answer out and shows the page anew, so that reloading it does not answer again.
pub(super) async fn answer(
    State(house): State<Arc<House>>,
    Extension(place): Extension<Place>,
    Path(id): Path<Uuid>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
    form: Result<Form<AnswerForm>, FormRejection>,
) -> Response {
    let Some(token) = bearer(&headers) else { return over(&house, &wish, &headers) };
    let Ok(Form(form)) = form else {
        let frame = frame(&wish, &headers, place.path(&id.to_string()));
        return house.note(StatusCode::BAD_REQUEST, &wish, &frame, |words| frame.note(&words.not_understood));
    };
    let read = if token.has_form_proof(&form.proof) { read(place, &form) } else { Err(Problem::Stale) };
    let problem = match read {
        Ok(answer) => {
            let (request_id, revision) = (form.request_id.clone(), form.revision());
            let done =
                house.desk.answer(&token, Sent { request_id, id: id.to_string(), revision }, answer).await;
            match done.map_err(|status| problem(&status, &form)) {
                Ok(()) => return told((place, id), &form.answer),
                Err(Some(problem)) => problem,
                // Whether it may still be seen, and whether anybody answers, the page itself finds out.
                Err(None) => Problem::Changed,
            }
        }
        Err(problem) => problem,
    };
    let status = match problem {
        Problem::Changed | Problem::Stale => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let shown = (status, News::Problem(problem), form.written());
    look(&house, (place, id), (&wish, &headers), &token, shown).await
}

/// Forgets the visit in this browser, which alone knows its token.
pub(super) async fn leave(
    State(house): State<Arc<House>>,
    Extension(place): Extension<Place>,
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
    let gone = format!("{VISIT}=; Path={}; Max-Age=0{}", place.path(&id.to_string()), house.cookie_end());
    if let Ok(gone) = gone.parse() {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

/// The page as it is now, or why there is none.
async fn look(
    house: &House,
    (place, id): Visited,
    (wish, headers): (&Wish, &HeaderMap),
    token: &BearerToken,
    (status, news, written): (StatusCode, News, Written),
) -> Response {
    let frame = frame(wish, headers, place.path(&id.to_string()));
    match house.desk.look(token).await {
        Ok(seen) if place.shows(&seen, &id.to_string()) => {
            let request_id = || house.ids.v4().to_string();
            let forms = Forms { proof: token.form_proof(), request_id: &request_id, written, news };
            house.page(status, wish, &frame, page(&frame, &seen, &forms))
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

fn told((place, id): Visited, answer: &str) -> Response {
    let to = format!("{}?done={answer}", place.path(&id.to_string()));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}
