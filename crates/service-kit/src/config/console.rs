//! Settings of the pages.

use std::net::{IpAddr, SocketAddr};

use http::Uri;
use serde::{Deserialize, Serialize};

/// Pages for a browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Address of the pages.
    pub listen: SocketAddr,
    /// What stands before the path of every page, as browsers see it; empty for no pages.
    pub base_url: String,
    /// Where the API is; empty for this process.
    pub api: String,
}

impl Console {
    /// What stands before the path of every page, without a slash at its end; `None` when there are no pages.
    pub fn base(&self) -> Option<&str> {
        (!self.base_url.is_empty()).then(|| self.base_url.trim_end_matches('/'))
    }

    /// Whether a browser would send what is on the pages sealed, or not over a network at all; and whether it is all that
    /// stands before a path.
    pub(super) fn base_can_be_used(&self) -> bool {
        let Ok(url) = self.base_url.parse::<Uri>() else { return false };
        let Some(authority) = url.authority() else { return false };
        let host = authority.host().trim_matches(['[', ']']);
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let sealed = match url.scheme_str() {
            Some("https") => true,
            Some("http") => here,
            _ => false,
        };
        sealed && matches!(url.path(), "" | "/") && url.query().is_none() && !authority.as_str().contains('@')
    }

    /// Whether a client can be told this address of the API.
    pub(super) fn api_can_be_used(&self) -> bool {
        self.api.is_empty() || self.api.parse::<Uri>().is_ok_and(|url| url.authority().is_some())
    }
}
