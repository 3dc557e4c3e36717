//! How callbacks are made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How callbacks are made. Every time is in seconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Callbacks {
    /// Attempts after which nobody is called any more.
    pub most_attempts: u32,
    /// From an attempt that reached nobody to the next.
    pub retry_after_s: u32,
    /// From the time at which an attempt is due to the alarm, when nobody has begun it.
    pub overdue_after_s: u32,
    /// Window after the due time in which may be called, when none was agreed.
    pub window_s: u32,
    /// What the helpline calls itself when it calls, by language tag: nothing that endangers a child whose telephone is
    /// looked at by others.
    pub caller_names: BTreeMap<String, String>,
}

impl Default for Callbacks {
    fn default() -> Self {
        Self {
            most_attempts: 3,
            retry_after_s: 15 * 60,
            overdue_after_s: 10 * 60,
            window_s: 4 * 60 * 60,
            caller_names: [
                ("ar", "صديق من المركز"),
                ("en", "a friend from the centre"),
                ("ru", "друг из центра"),
            ]
            .map(|(tag, name)| (tag.to_owned(), name.to_owned()))
            .into(),
        }
    }
}

impl Callbacks {
    /// The neutral name in a language: its own tag, then the bare language, then English, then any.
    pub fn caller_name(&self, language: Option<&str>) -> &str {
        let names = &self.caller_names;
        let wanted = language.unwrap_or("en");
        let bare = wanted.split('-').next().unwrap_or(wanted);
        let name = names.get(wanted).or_else(|| names.get(bare)).or_else(|| names.get("en"));
        name.or_else(|| names.values().next()).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_neutral_name_is_said_in_the_language_of_the_child_or_in_english() {
        let callbacks = Callbacks::default();
        assert_eq!(callbacks.caller_name(Some("ru")), "друг из центра");
        assert_eq!(callbacks.caller_name(Some("ar-qa")), "صديق من المركز");
        assert_eq!(callbacks.caller_name(Some("uz")), "a friend from the centre");
        assert_eq!(callbacks.caller_name(None), "a friend from the centre");
        assert_eq!(Callbacks { caller_names: BTreeMap::new(), ..callbacks }.caller_name(None), "");
    }
}
