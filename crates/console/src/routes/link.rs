//! A link: looked at, opened, renewed.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use helpline_proto::channels::v1::OpenLinkResponse;
use helpline_vault::BearerToken;
use serde::Deserialize;
use tonic::{Code, Status};

use super::visit::{Place, VISIT};
use super::{Wish, frame, is_shut};
use crate::House;

/// The longest link that is repeated on a page: our own are shorter.
const LONGEST: usize = 100;

/// A form with a link in it.
#[derive(Deserialize)]
pub(super) struct LinkForm {
    #[serde(default)]
    link: String,
}

/// The page that an e-mail leads to. It asks nobody, so it spends nothing and cannot tell a good link from another.
pub(super) async fn landing(
    State(house): State<Arc<House>>,
    Path(link): Path<String>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Response {
    let frame = frame(&wish, &headers, path(&link));
    house.page(StatusCode::OK, &wish, &frame, frame.landing(short(&link)))
}

/// Exchanges the link and shows what it is about. Of a link that cannot be opened it is not said why.
pub(super) async fn open(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    form: Result<Form<LinkForm>, FormRejection>,
) -> Response {
    let wish = Wish::default();
    let Ok(Form(LinkForm { link })) = form else { return not_understood(&house, &wish, &headers) };
    let frame = frame(&wish, &headers, path(&link));
    let opened = match BearerToken::parse(&link) {
        Ok(token) => house.desk.open(&token, house.ids.v4().to_string()).await,
        Err(_) => Err(Status::unauthenticated("no link")),
    };
    match opened {
        Ok(opened) => visiting(&house, &opened),
        Err(status) if is_shut(&status) || status.code() == Code::FailedPrecondition => {
            house.page(StatusCode::GONE, &wish, &frame, frame.spent(short(&link)))
        }
        Err(_) => house.note(StatusCode::SERVICE_UNAVAILABLE, &wish, &frame, |words| frame.note(&words.away)),
    }
}

/// Asks for another link. What is answered is the same whether there is still something, or whether there ever was: only
/// the mailbox learns it.
pub(super) async fn renew(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    form: Result<Form<LinkForm>, FormRejection>,
) -> Response {
    let wish = Wish::default();
    let Ok(Form(LinkForm { link })) = form else { return not_understood(&house, &wish, &headers) };
    let frame = frame(&wish, &headers, path(&link));
    let renewed = match BearerToken::parse(&link) {
        Ok(token) => house.desk.renew(&token, house.ids.v4().to_string()).await,
        Err(_) => Ok(()),
    };
    match renewed {
        Err(status)
            if matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Internal) =>
        {
            house.note(StatusCode::SERVICE_UNAVAILABLE, &wish, &frame, |words| frame.note(&words.away))
        }
        _ => house.note(StatusCode::OK, &wish, &frame, |words| frame.note(&words.renewed)),
    }
}

fn not_understood(house: &House, wish: &Wish, headers: &HeaderMap) -> Response {
    let frame = frame(wish, headers, "/");
    house.note(StatusCode::BAD_REQUEST, wish, &frame, |words| frame.note(&words.not_understood))
}

/// Leads to the page of what was opened, with a cookie that is sent with that page and those below it alone: so a browser can
/// visit several, and none answers for another.
fn visiting(house: &House, opened: &OpenLinkResponse) -> Response {
    let path = match opened.referral_id.as_str() {
        "" => Place::Escalation.path(&opened.escalation_id),
        id => Place::Referral.path(id),
    };
    let ends = opened.expire_time.and_then(|time| DateTime::from_timestamp(time.seconds, 0));
    let expires = ends.map(|time| time.format("; Expires=%a, %d %b %Y %H:%M:%S GMT").to_string());
    let cookie = format!(
        "{VISIT}={}; Path={path}{}{}",
        opened.secret,
        expires.unwrap_or_default(),
        house.cookie_end()
    );
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response();
    if let Ok(mut cookie) = cookie.parse::<HeaderValue>() {
        cookie.set_sensitive(true);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A link as it is repeated on a page: nothing that is too long to be one.
fn short(link: &str) -> &str {
    if link.len() <= LONGEST { link } else { "" }
}

/// Where a link leads. What cannot stand in a path leads nowhere.
fn path(link: &str) -> String {
    let plain = link.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain && !link.is_empty() { format!("/link/{}", short(link)) } else { "/".to_owned() }
}
