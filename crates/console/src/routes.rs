//! What can be asked for, and how a browser's language is known.
//!
//! | path | |
//! |---|---|
//! | `GET /link/{token}` | where an e-mail leads: a page with a button, the same for every token |
//! | `POST /open`, `POST /renew` | exchanges a link for a visit; asks for another link |
//! | `GET /escalation/{id}`, `POST`; `/referral/{id}` | what is known, and the forms; an answer |
//! | `POST /escalation/{id}/leave`; `/referral/{id}/leave` | ends the visit in this browser |
//!
//! The token of a link is part of the path, not behind a `#`: a browser sends that part to nobody, so without a script no
//! page could pass it on. Paths end up in the logs of proxies; this server writes none, the token is good once and for a
//! day, and no other URL holds one.

mod link;
mod read;
mod visit;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use serde::Deserialize;
use tonic::{Code, Status};

use self::visit::Place;
use crate::House;
use crate::guard::{cookie, guard};
use crate::pages::{Frame, STYLE};
use crate::words::{Language, Words};

/// Bytes of a form at most: a remark of the longest, in letters of several bytes each of which is escaped, fits.
const LONGEST_FORM: usize = 32 * 1024;
/// The cookie that keeps the language.
const LANGUAGE: &str = "helpline_language";

pub(crate) fn router(house: Arc<House>) -> Router {
    Router::new()
        .route("/", get(nothing))
        .route("/link/{token}", get(link::landing))
        .route("/open", post(link::open))
        .route("/renew", post(link::renew))
        .merge(visits(Place::Escalation))
        .merge(visits(Place::Referral))
        .route("/style.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/robots.txt", get(async || "User-agent: *\nDisallow: /\n"))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(LONGEST_FORM))
        .layer(middleware::from_fn_with_state(Arc::clone(&house), guard))
        .with_state(house)
}

/// The pages of what can be visited there.
fn visits(place: Place) -> Router<Arc<House>> {
    let path = place.path("{id}");
    Router::new()
        .route(&format!("{path}/leave"), post(visit::leave))
        .route(&path, get(visit::show).post(visit::answer))
        .layer(Extension(place))
}

/// What a URL may ask beside its path.
#[derive(Debug, Default, Deserialize)]
struct Wish {
    /// A language, from the switch.
    lang: Option<String>,
    /// An answer that was just carried out.
    done: Option<String>,
}

/// The frame of a page at `path`, which is the same page in every language.
fn frame(wish: &Wish, headers: &HeaderMap, path: impl Into<String>) -> Frame {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let chosen = wish.lang.as_deref().or_else(|| cookie(headers, LANGUAGE)).and_then(Language::from_tag);
    Frame {
        language: chosen.unwrap_or_else(|| Language::accepted(accepted.unwrap_or_default())),
        path: path.into(),
    }
}

impl House {
    /// What ends every cookie: it is sent to this host alone, with what our own pages ask, and no script sees it.
    fn cookie_end(&self) -> &'static str {
        if self.is_sealed() { "; HttpOnly; SameSite=Strict; Secure" } else { "; HttpOnly; SameSite=Strict" }
    }

    /// A page. A language that was chosen is kept.
    fn page(&self, status: StatusCode, wish: &Wish, frame: &Frame, page: String) -> Response {
        let mut response = (status, Html(page)).into_response();
        if wish.lang.is_some() {
            let kept = format!("{LANGUAGE}={}; Path=/{}", frame.language.code(), self.cookie_end());
            if let Ok(kept) = kept.parse() {
                response.headers_mut().append(header::SET_COOKIE, kept);
            }
        }
        response
    }

    /// A page that says why there is no other.
    fn note(
        &self,
        status: StatusCode,
        wish: &Wish,
        frame: &Frame,
        page: impl FnOnce(&Words) -> String,
    ) -> Response {
        self.page(status, wish, frame, page(frame.words()))
    }
}

/// Whether the API says that the bearer may not: unknown, over, withdrawn, none of which is told apart.
fn is_shut(status: &Status) -> bool {
    matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied | Code::NotFound)
}

async fn nothing(
    axum::extract::State(house): axum::extract::State<Arc<House>>,
    headers: HeaderMap,
) -> Response {
    let wish = Wish::default();
    let frame = frame(&wish, &headers, "/");
    house.note(StatusCode::NOT_FOUND, &wish, &frame, |words| frame.note(&words.not_here))
}
