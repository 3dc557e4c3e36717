//! Reading Rust as tokens.

use syn::Lit;
use syn::buffer::Cursor;
use syn::parse::{Parse, ParseStream};

/// Every text literal of a source file, those in the arguments of macros included, without comments.
struct Literals(Vec<String>);

impl Parse for Literals {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut found = Vec::new();
        input.step(|cursor| Ok(((), collect(*cursor, &mut found))))?;
        Ok(Self(found))
    }
}

fn collect<'a>(mut cursor: Cursor<'a>, found: &mut Vec<String>) -> Cursor<'a> {
    while !cursor.eof() {
        if let Some(behind) = behind_comment(cursor) {
            cursor = behind;
        } else if let Some((literal, behind)) = cursor.literal() {
            if let Lit::Str(text) = Lit::new(literal) {
                found.push(text.value());
            }
            cursor = behind;
        } else if let Some((inside, _, _, behind)) = cursor.any_group() {
            collect(inside, found);
            cursor = behind;
        } else if let Some((_, behind)) = cursor.token_tree() {
            cursor = behind;
        } else {
            break;
        }
    }
    cursor
}

/// A comment on an item is an attribute to the compiler: `#[doc = "…"]`.
fn behind_comment(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let (hash, next) = cursor.punct()?;
    if hash.as_char() != '#' {
        return None;
    }
    let next = match next.punct() {
        Some((bang, next)) if bang.as_char() == '!' => next,
        _ => next,
    };
    let (inside, _, _, behind) = next.any_group()?;
    let (name, _) = inside.ident()?;
    (name == "doc").then_some(behind)
}

/// Every text literal of a source file, without comments.
pub(crate) fn literals(text: &str) -> syn::Result<Vec<String>> {
    syn::parse_str::<Literals>(text).map(|literals| literals.0)
}

#[test]
fn literals_are_found_wherever_they_stand_and_comments_are_none() {
    let sample = r##"
        //! Not "this".
        /// Nor `"this"`.
        #[expect(dead_code, reason = "one")]
        fn f() { g(concat!("two", h!["th\"ree"])); let x = r#"four"#; 'a'; b"no"; }
    "##;
    assert_eq!(literals(sample).unwrap(), ["one", "two", "th\"ree", "four"]);
}
