//! Persons: a child, and who belongs to them.
//!
//! What identifies a person is never what a person is: a telephone may serve several children. Two records become one person by
//! a decision of two people, and both records stay as they were, so that the decision can be taken back.

use crate::disclosure::keyed;

keyed!(
    /// By what a person can be found.
    IdentifierKind {
        /// A telephone, which several may use.
        Telephone = "telephone",
        /// An e-mail address.
        Email = "email",
        /// A name in some messenger or platform.
        Handle = "handle",
        /// A passport, an identity card, a birth certificate.
        Document = "document",
        /// A number in the register of a state or an organisation.
        Register = "register",
    }
);

keyed!(
    /// Who somebody is to a person.
    Relation {
        /// A brother or sister.
        Sibling = "sibling",
        /// Mother or father.
        Parent = "parent",
        /// Appointed by law.
        Guardian = "guardian",
        /// Grandmother or grandfather.
        Grandparent = "grandparent",
        /// Cares for the child without being any of these.
        OtherCaregiver = "other_caregiver",
    }
);

keyed!(
    /// Where a merge of two records stands.
    MergeState {
        /// Somebody thinks that they are one person.
        Asked = "asked",
        /// Another does not.
        Refused = "refused",
        /// They are read as one.
        Merged = "merged",
        /// They are two again, as they were.
        Undone = "undone",
    }
);

impl MergeState {
    /// Whether a merge may go on to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!((self, next), (Self::Asked, Self::Refused | Self::Merged) | (Self::Merged, Self::Undone))
    }
}
