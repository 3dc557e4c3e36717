//! What the centre's rules make of words and answers.

use std::collections::BTreeMap;

use helpline_domain::risk;
use helpline_domain::settings::Settings;
use helpline_store::contact::Contact;
use helpline_store::raising::Raising;

use crate::placing;

/// The rule that would raise the risk of a contact by a text or by answers: the one with the highest risk among those
/// that have not raised it before. `None` when none would.
pub(crate) fn raising(
    settings: &Settings,
    contact: &Contact,
    text: Option<&str>,
    answers: &BTreeMap<String, String>,
) -> Option<Raising> {
    let raise = risk::found(&settings.risk_rules, text, answers)
        .into_iter()
        .find(|raise| raise.risk > contact.risk && !contact.risk_rules.contains(&raise.rule))?;
    let class = raise.risk.class(contact.channel);
    Some(Raising {
        target_s: placing::target_wait_s(settings, &contact.queue, contact.channel, class),
        offer_timeout_s: settings.offer_timeout_for(class),
        rule: raise.rule,
        risk: raise.risk,
        class,
    })
}
