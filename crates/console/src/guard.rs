//! What is refused before it is looked at, and what every answer carries.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use helpline_service_kit::metrics::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::House;

/// How long an answer may take, a slow sender's request included.
const PATIENCE: Duration = Duration::from_secs(20);

/// On every answer: it is kept nowhere, shown in no other page, names no page to others, and runs nothing.
const HEADERS: [(HeaderName, &str); 9] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive, nosnippet"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Labels {
    page: String,
    status: u16,
}

/// How often which page was answered how: by the pattern of its path, never the path.
#[derive(Clone, Debug)]
pub(crate) struct Measures(Family<Labels, Counter>);

impl Measures {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let pages = Family::default();
        metrics.register("pages", "Pages answered, by pattern and status", pages.clone());
        Self(pages)
    }
}

/// Around every page.
pub(crate) async fn guard(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let page = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let mut response = if is_foreign(&house.base, request.method(), request.headers()) {
        StatusCode::FORBIDDEN.into_response()
    } else {
        let answered = tokio::time::timeout(PATIENCE, next.run(request)).await;
        answered.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    house.measures.0.get_or_create(&Labels { page, status: response.status().as_u16() }).inc();
    response
}

/// Whether a form was sent from elsewhere than our own pages. Because our pages name no referrer, browsers send `null` as
/// the origin of our own forms, and other pages can do so too: newer browsers say it in `Sec-Fetch-Site`, for older ones a
/// visit's forms carry a proof.
fn is_foreign(base: &str, method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD) {
        return false;
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let elsewhere = text("sec-fetch-site").is_some_and(|site| site != "same-origin");
    elsewhere || text("origin").is_some_and(|origin| origin != "null" && origin != base)
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_form_from_elsewhere_is_foreign_and_a_link_from_elsewhere_is_not() {
        let foreign = |method: Method, pairs: &[(&'static str, &str)]| {
            is_foreign("https://pages.example", &method, &headers(pairs))
        };
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(foreign(Method::POST, &[("sec-fetch-site", site)]), "{site}");
            assert!(!foreign(Method::GET, &[("sec-fetch-site", site)]), "{site}");
        }
        for origin in ["https://pages.example.org", "http://pages.example", "https://evil.example", ""] {
            assert!(foreign(Method::POST, &[("origin", origin)]), "{origin}");
        }
        assert!(foreign(Method::POST, &[("origin", "null"), ("sec-fetch-site", "cross-site")]));
        assert!(!foreign(Method::POST, &[("origin", "null"), ("sec-fetch-site", "same-origin")]));
        assert!(!foreign(Method::POST, &[("origin", "https://pages.example")]));
        assert!(!foreign(Method::POST, &[]));
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let sent = headers(&[("cookie", "a=1; visit=two; not_visit=3")]);
        assert_eq!(cookie(&sent, "visit"), Some("two"));
        assert_eq!(cookie(&sent, "sit"), None);
        assert_eq!(cookie(&headers(&[]), "visit"), None);
    }
}
