//! A helpline with pages, and somebody without a browser who asks for them.

use helpline_domain::id::AgencyId;
use helpline_tests::{Linked, World, WorldOptions, pages};
use reqwest::{Client, Response, redirect};

/// What was answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// The cookie that was set, as a browser sends it back.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }

    /// The value of the first hidden field of this name.
    pub(crate) fn field(&self, name: &str) -> String {
        let value = self.body.split(&format!("name=\"{name}\" value=\"")).nth(1);
        value.and_then(|value| value.split('"').next()).unwrap().to_owned()
    }
}

impl Page {
    /// The hidden fields of the form of an answer. There must be one.
    pub(crate) fn form(&self, answer: &str) -> Vec<(String, String)> {
        let mark = format!("name=\"answer\" value=\"{answer}\"");
        let form = self.body.split("<form").find(|form| form.contains(&mark));
        assert!(form.is_some(), "no form for {answer} in {}", self.body);
        let hidden = form.unwrap().split("type=\"hidden\" name=\"").skip(1);
        let read = |field: &str| {
            let (name, rest) = field.split_once("\" value=\"").unwrap();
            (name.to_owned(), rest.split('"').next().unwrap().to_owned())
        };
        hidden.map(read).collect()
    }

    /// Whether there is a form for an answer.
    pub(crate) fn offers(&self, answer: &str) -> bool {
        self.body.contains(&format!("name=\"answer\" value=\"{answer}\""))
    }
}

/// A helpline with pages.
pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) base: String,
    pub(crate) agency: AgencyId,
    client: Client,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let (config, base) = pages();
        let world = World::start_with(WorldOptions { config, ..WorldOptions::default() }).await;
        let agency = world.agency().await;
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap();
        Self { world, base, agency, client }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = self.client.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let mut request = self.client.post(format!("{}{path}", self.base)).body(body.join("&"));
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await.unwrap()).await
    }

    /// Opens a link: the path of the page it leads to, and the cookie of the visit.
    pub(crate) async fn open(&self, linked: &Linked) -> (String, String) {
        let page = self.post("/open", &[("link", linked.actor.secret())], &[]).await;
        assert_eq!(page.status, 303, "{}", page.body);
        (page.header("location").to_owned(), page.cookie())
    }

    /// Sends the form of an answer as it stood on a page, with what was filled in.
    pub(crate) async fn send(
        &self,
        at: (&str, &str),
        page: &Page,
        answer: &str,
        filled: &[(&str, &str)],
    ) -> Page {
        let (path, cookie) = at;
        let hidden = page.form(answer);
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = hidden.chain(filled.iter().copied()).collect();
        self.post(path, &fields, &[("cookie", cookie)]).await
    }

    /// The same with the form as it stands now.
    pub(crate) async fn answer(&self, at: (&str, &str), answer: &str, filled: &[(&str, &str)]) -> Page {
        let page = self.get(at.0, &[("cookie", at.1)]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        self.send(at, &page, answer, filled).await
    }

    /// Whether a link was opened.
    pub(crate) fn is_used(&self, linked: &Linked) -> bool {
        let sql = format!(
            "SELECT used_at IS NOT NULL FROM helpline.links WHERE link_id = '{}'",
            linked.actor.token_id
        );
        self.world.database.query(&sql).unwrap()[0][0].as_deref() == Some("t")
    }

    /// Where an escalation stands.
    pub(crate) fn state(&self, linked: &Linked) -> String {
        let sql = format!(
            "SELECT state FROM helpline.escalations WHERE escalation_id = '{}'",
            linked.escalation_id
        );
        self.world.database.query(&sql).unwrap()[0][0].clone().unwrap()
    }
}

async fn read(response: Response) -> Page {
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Page { status: response.status().as_u16(), headers, body: response.text().await.unwrap() }
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |all, byte| {
        if byte.is_ascii_alphanumeric() {
            all + &char::from(byte).to_string()
        } else {
            format!("{all}%{byte:02X}")
        }
    })
}
