//! Everything that can be used from outside says what it is.

use syn::{Attribute, Fields, ImplItem, Item, Meta, TraitItem, Visibility};

use crate::tree;

fn is_documented(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("doc"))
}

/// Whether the item says that its parts are described elsewhere.
fn is_excused(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("expect") => list.tokens.to_string().contains("missing_docs"),
        _ => false,
    })
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
        _ => false,
    })
}

/// Names of public items without a comment.
#[derive(Default)]
struct Silent(Vec<String>);

impl Silent {
    fn note(&mut self, attributes: &[Attribute], visibility: &Visibility, name: &dyn std::fmt::Display) {
        if matches!(visibility, Visibility::Public(_)) && !is_documented(attributes) {
            self.0.push(name.to_string());
        }
    }

    fn fields(&mut self, name: &syn::Ident, fields: &Fields, all: bool) {
        for field in fields {
            if let Some(field_name) = &field.ident
                && (all || matches!(field.vis, Visibility::Public(_)))
                && !is_documented(&field.attrs)
            {
                self.0.push(format!("{name}.{field_name}"));
            }
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Fn(item) => self.note(&item.attrs, &item.vis, &item.sig.ident),
            Item::Const(item) => self.note(&item.attrs, &item.vis, &item.ident),
            Item::Static(item) => self.note(&item.attrs, &item.vis, &item.ident),
            Item::Type(item) => self.note(&item.attrs, &item.vis, &item.ident),
            Item::Struct(item) => {
                self.note(&item.attrs, &item.vis, &item.ident);
                if matches!(item.vis, Visibility::Public(_)) && !is_excused(&item.attrs) {
                    self.fields(&item.ident, &item.fields, false);
                }
            }
            Item::Enum(item) => {
                self.note(&item.attrs, &item.vis, &item.ident);
                if matches!(item.vis, Visibility::Public(_)) && !is_excused(&item.attrs) {
                    for variant in &item.variants {
                        if !is_documented(&variant.attrs) {
                            self.0.push(format!("{}::{}", item.ident, variant.ident));
                        }
                        self.fields(&variant.ident, &variant.fields, true);
                    }
                }
            }
            Item::Trait(item) => {
                self.note(&item.attrs, &item.vis, &item.ident);
                for part in &item.items {
                    if let TraitItem::Fn(method) = part
                        && matches!(item.vis, Visibility::Public(_))
                        && !is_documented(&method.attrs)
                    {
                        self.0.push(format!("{}::{}", item.ident, method.sig.ident));
                    }
                }
            }
            Item::Impl(item) if item.trait_.is_none() && !is_for_tests(&item.attrs) => {
                for part in &item.items {
                    match part {
                        ImplItem::Fn(method) => self.note(&method.attrs, &method.vis, &method.sig.ident),
                        ImplItem::Const(item) => self.note(&item.attrs, &item.vis, &item.ident),
                        _ => {}
                    }
                }
            }
            Item::Mod(item) if !is_for_tests(&item.attrs) => {
                for inner in item.content.iter().flat_map(|(_, items)| items) {
                    self.item(inner);
                }
            }
            _ => {}
        }
    }
}

fn silent(text: &str) -> Vec<String> {
    let file = syn::parse_file(text).unwrap();
    let mut silent = Silent::default();
    file.items.iter().for_each(|item| silent.item(item));
    silent.0
}

#[test]
fn every_public_item_is_documented() {
    let mut problems = Vec::new();
    for file in tree::files(&["rs"]).iter().filter(|file| !tree::is_test(&file.path)) {
        problems.extend(silent(&file.text).into_iter().map(|name| format!("{}: {name}", file.path)));
    }
    tree::none(&problems);

    let sample = "
        pub fn a() {}
        /// Said.
        pub struct B { pub c: u8, d: u8 }
        /// Said.
        #[expect(missing_docs, reason = \"elsewhere\")] pub struct E { pub f: u8 }
        /// Said.
        pub enum G { H { i: u8 } }
        impl B { pub fn j(&self) {} fn k(&self) {} }
        /// Said.
        pub trait L { fn m(&self); }
        pub(crate) fn n() {}
        #[cfg(test)] mod tests { pub fn o() {} }
    ";
    assert_eq!(silent(sample), ["a", "B.c", "G::H", "H.i", "j", "L::m"]);
}

#[test]
fn every_source_file_opens_with_what_it_is_for() {
    let files = tree::files(&["rs"]);
    let sources = files.iter().filter(|file| !file.path.ends_with("/tests.rs"));
    let silent = sources.filter(|file| !file.text.starts_with("//! "));
    tree::none(&silent.map(|file| file.path.clone()).collect::<Vec<_>>());
}

#[test]
fn every_crate_says_what_always_holds_in_it() {
    let mut problems = Vec::new();
    for file in tree::files(&["rs"]).iter().filter(|file| file.path.ends_with("/src/lib.rs")) {
        let page: String = file.text.lines().take_while(|line| line.starts_with("//!")).collect();
        if tree::room(&file.path).is_some() && !page.contains("Invariants") {
            problems.push(format!("{}: no invariants on its first page", file.path));
        }
    }
    tree::none(&problems);
}
