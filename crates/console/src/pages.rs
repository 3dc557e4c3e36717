//! How the pages look: one frame, and what stands in it. They are read by screen readers, on telephones, in both directions.

pub(crate) mod escalation;
pub(crate) mod form;
mod history;
pub(crate) mod referral;
pub(crate) mod time;
pub(crate) mod visit;

use maud::{DOCTYPE, Markup, html};

use crate::words::{Language, Note, Words};

/// The style sheet.
pub(crate) const STYLE: &str = include_str!("style.css");

/// Around a page: in which language, and at which path the same page is in the others.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) language: Language,
    pub(crate) path: String,
}

impl Frame {
    pub(crate) const fn words(&self) -> &'static Words {
        self.language.words()
    }

    /// A whole page. `heading` is its one heading of the first level and, with the name of the helpline, its title: it never
    /// says who a child is, because browsers keep titles.
    pub(crate) fn page(&self, heading: &str, content: &Markup) -> String {
        let words = self.words();
        let page = html! {
            (DOCTYPE)
            html lang=(self.language.code()) dir=(self.language.direction()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex, nofollow";
                    meta name="format-detection" content="telephone=no";
                    title { (heading) " · " (words.brand) }
                    link rel="stylesheet" href="/style.css";
                }
                body {
                    a.skip href="#content" { (words.skip) }
                    header {
                        p.brand { (words.brand) }
                        nav aria-label=(words.languages) {
                            ul {
                                @for language in Language::ALL {
                                    li { (self.switch(language)) }
                                }
                            }
                        }
                    }
                    main id="content" {
                        h1 { (heading) }
                        (content)
                    }
                }
            }
        };
        page.into_string()
    }

    fn switch(&self, language: Language) -> Markup {
        let current = (language == self.language).then_some("true");
        let to = format!("{}?lang={}", self.path, language.code());
        html! {
            a href=(to) lang=(language.code()) hreflang=(language.code()) aria-current=[current] { (language.name()) }
        }
    }

    /// A page that says one thing.
    pub(crate) fn note(&self, note: &Note) -> String {
        self.page(note.title, &html! { p { (note.text) } })
    }

    /// Where a link leads before it is opened: the same for every link, good or not.
    pub(crate) fn landing(&self, link: &str) -> String {
        let words = self.words();
        let content = html! {
            p { (words.landing.text) }
            p { (words.once) }
            form method="post" action="/open" {
                input type="hidden" name="link" value=(link);
                button type="submit" { (words.open) }
            }
        };
        self.page(words.landing.title, &content)
    }

    /// A link that cannot be opened, for whatever reason.
    pub(crate) fn spent(&self, link: &str) -> String {
        let words = self.words();
        let content = html! {
            p { (words.spent.text) }
            form method="post" action="/renew" {
                input type="hidden" name="link" value=(link);
                button type="submit" { (words.renew) }
            }
        };
        self.page(words.spent.title, &content)
    }
}
