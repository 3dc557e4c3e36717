//! Names of keys. The centre is the hash tag, so everything of a centre lives on one node of a cluster.

use helpline_domain::id::CentreId;
use helpline_domain::risk::Class;

/// The channel on which processes wake each other.
pub(crate) const HINTS: &str = "helpline:hints";

/// Which generation of a centre's view is in force: the only key without one in its name.
pub(crate) fn generation(centre: CentreId) -> String {
    format!("helpline:{{{centre}}}:generation")
}

/// Keys of one generation of a centre's view.
pub(crate) struct Keys {
    prefix: String,
}

impl Keys {
    pub(crate) fn new(centre: CentreId, generation: i64) -> Self {
        Self { prefix: format!("helpline:{{{centre}}}:{generation}:") }
    }

    /// What the names of all keys of this generation begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Set of the names of lines in which somebody waits.
    pub(crate) fn lines(&self) -> String {
        format!("{}lines", self.prefix)
    }

    /// Sorted set of one line: deadline in milliseconds, member.
    pub(crate) fn line(&self, name: &str) -> String {
        format!("{}line:{name}", self.prefix)
    }

    /// Sorted set of counsellors with room: idle since, in milliseconds.
    pub(crate) fn free(&self) -> String {
        format!("{}free", self.prefix)
    }

    /// Hash of what counsellors hold and can hold, with the revision it was read at.
    pub(crate) fn rooms(&self) -> String {
        format!("{}rooms", self.prefix)
    }

    /// Sorted set of pairs being committed: end of the claim, in milliseconds.
    pub(crate) fn claims(&self) -> String {
        format!("{}claims", self.prefix)
    }
}

/// The name of a line within a generation: its class, whether its contacts were cut off, and the signature of what they
/// ask for. Who was cut off has a line of their own: the first of each line are read, and nobody stands before them there.
pub(crate) fn line_name(class: Class, resumed: bool, signature: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut name = format!("{}{}:", class.number(), if resumed { "r" } else { "" });
    for byte in signature {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// The class, whether cut off, and the signature of a line's name.
pub(crate) fn parse_line_name(name: &str) -> Option<(Class, bool, Vec<u8>)> {
    let (class, signature) = name.split_once(':')?;
    let (class, resumed) = class.strip_suffix('r').map_or((class, false), |class| (class, true));
    let bytes = (0..signature.len() / 2)
        .map(|index| {
            signature.get(2 * index..2 * index + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect::<Option<Vec<u8>>>()?;
    Some((Class::from_number(class.parse().ok()?)?, resumed, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lines_name_says_all_that_sets_its_contacts_apart() {
        for class in Class::ALL {
            for resumed in [false, true] {
                let name = line_name(class, resumed, &[0, 255, 16]);
                assert_eq!(parse_line_name(&name), Some((class, resumed, vec![0, 255, 16])));
            }
        }
        assert_eq!(parse_line_name("9:00"), None);
        assert_eq!(parse_line_name("r:00"), None);
    }
}
