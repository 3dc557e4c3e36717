//! Why a sender is blocked, and what they are told.

use crate::policy::wording::Locale;

/// Why a sender is blocked for a time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BlockReason {
    /// Calls or writes again and again to disturb.
    Nuisance,
    /// Abuses counsellors.
    Abusive,
    /// Plays pranks.
    Prank,
    /// A machine, not a person.
    Automated,
}

impl BlockReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Nuisance, Self::Abusive, Self::Prank, Self::Automated];

    /// The stable key under which the reason is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Nuisance => "nuisance",
            Self::Abusive => "abusive",
            Self::Prank => "prank",
            Self::Automated => "automated",
        }
    }

    /// The reason with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.key() == key)
    }
}

/// What somebody is told who is not put in line. It says nothing of a block: somebody else may have the number today, and
/// a child must know what to do.
pub const fn hint(locale: Locale) -> &'static str {
    match locale {
        Locale::Arabic => "لا يمكننا الرد عليك الآن. إذا كنت في خطر فاتصل بخدمات الطوارئ.",
        Locale::Russian => {
            "Сейчас мы не можем вам ответить. Если вы в опасности, позвоните в экстренные службы."
        }
        Locale::English => "We cannot answer you now. If you are in danger, call the emergency services.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_leads_back_to_its_reason() {
        assert!(
            BlockReason::ALL.into_iter().all(|reason| BlockReason::from_key(reason.key()) == Some(reason))
        );
    }
}
