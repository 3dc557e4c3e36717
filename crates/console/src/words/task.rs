//! Words for what an agency is to do under a referral.

use super::Choice;

/// Every word. Lists are in the order of the values of the API; what is to be done is a key, which centres may have more of.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) title: &'static str,
    pub(crate) one: &'static str,
    pub(crate) tasks: &'static [(&'static str, &'static str)],
    pub(crate) domain: &'static str,
    pub(crate) domains: &'static [(&'static str, &'static str)],
    pub(crate) states: [&'static str; 5],
    pub(crate) due: &'static str,
    pub(crate) note: &'static str,
    pub(crate) accept: Choice,
    pub(crate) decline: Choice,
    pub(crate) complete: Choice,
}
