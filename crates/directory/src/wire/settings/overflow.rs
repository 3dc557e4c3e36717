//! Agreements with partner centres, as settings.

use std::collections::BTreeSet;

use helpline_domain::id::CentreId;
use helpline_domain::settings::Queue;
use helpline_domain::settings::overflow::{Overflow, OverflowFrom, OverflowTo};
use helpline_proto::directory::v1::{
    OverflowFrom as FromMessage, OverflowSettings as Message, OverflowTo as ToMessage,
};
use helpline_service_kit::fields::Fields;

use super::queues::MOST_QUEUES;
use super::{HOUR, MINUTE, duration, keys, seconds, small};

const MOST_PARTNERS: usize = 20;
const MOST_LANGUAGES: usize = 100;
const MOST_AT_ONCE: i32 = 1000;
const LONGEST_ADDRESS: usize = 200;

/// Reads it; missing means none.
pub(super) fn read(
    fields: &mut Fields,
    message: Option<&Message>,
    known: Option<&[Queue]>,
) -> Option<Overflow> {
    let usual = Overflow::default();
    let Some(message) = message else { return Some(usual) };
    fields.within("overflow", |fields| {
        let within = message.accept_within.as_ref();
        let accept_within = seconds(fields, "accept_within", within, 5..=15 * MINUTE, usual.accept_within_s);
        let within = message.answer_within.as_ref();
        let answer_within = seconds(fields, "answer_within", within, 5..=HOUR, usual.answer_within_s);
        let (mut asked, mut taken) = (BTreeSet::new(), BTreeSet::new());
        let to = fields.list("to", &message.to, MOST_PARTNERS, |fields, to| {
            let partner_id = partner(fields, &to.partner_id, &mut asked);
            let queues = keys(fields, "queues", &to.queues, MOST_QUEUES);
            if queues.iter().flatten().any(|queue| !is_known(known, queue)) {
                fields.refuse("queues", "only queues of these settings");
            }
            let languages = languages(fields, &to.languages);
            Some(OverflowTo {
                partner_id: partner_id?,
                queues: queues?,
                languages: languages?,
                shares_identity: to.shares_identity,
                shares_contact: to.shares_contact,
            })
        });
        let from = fields.list("from", &message.from, MOST_PARTNERS, |fields, from| {
            let partner_id = partner(fields, &from.partner_id, &mut taken);
            let queue = fields.key("queue", &from.queue);
            if queue.as_ref().is_some_and(|queue| !is_known(known, queue)) {
                fields.refuse("queue", "a queue of these settings");
            }
            let languages = languages(fields, &from.languages);
            let most = fields.int("most", from.most, 1..=MOST_AT_ONCE);
            let connect_to = fields.line("connect_to", from.connect_to.trim(), 1..=LONGEST_ADDRESS);
            Some(OverflowFrom {
                partner_id: partner_id?,
                queue: queue?,
                languages: languages?,
                most: u32::try_from(most?).ok()?,
                automatic: from.automatic,
                connect_to: connect_to?,
            })
        });
        Some(Overflow {
            accept_within_s: accept_within?,
            answer_within_s: answer_within?,
            to: to?,
            from: from?,
        })
    })
}

fn is_known(known: Option<&[Queue]>, key: &str) -> bool {
    known.is_none_or(|known| known.iter().any(|queue| queue.queue == key))
}

fn partner(fields: &mut Fields, sent: &str, seen: &mut BTreeSet<CentreId>) -> Option<CentreId> {
    let partner = fields.id::<CentreId>("partner_id", sent)?;
    if !seen.insert(partner) {
        fields.refuse("partner_id", "each partner once");
    }
    Some(partner)
}

fn languages(fields: &mut Fields, sent: &[String]) -> Option<BTreeSet<String>> {
    if sent.len() > MOST_LANGUAGES {
        fields.refuse("languages", format!("at most {MOST_LANGUAGES} entries"));
        return None;
    }
    let read: Vec<_> = sent
        .iter()
        .enumerate()
        .map(|(index, tag)| fields.language(&format!("languages[{index}]"), tag))
        .collect();
    read.into_iter().collect()
}

/// It as its message.
pub(super) fn to_message(overflow: &Overflow) -> Message {
    let texts = |texts: &BTreeSet<String>| texts.iter().cloned().collect();
    Message {
        accept_within: Some(duration(overflow.accept_within_s)),
        answer_within: Some(duration(overflow.answer_within_s)),
        to: overflow
            .to
            .iter()
            .map(|to| ToMessage {
                partner_id: to.partner_id.to_string(),
                queues: texts(&to.queues),
                languages: texts(&to.languages),
                shares_identity: to.shares_identity,
                shares_contact: to.shares_contact,
            })
            .collect(),
        from: overflow
            .from
            .iter()
            .map(|from| FromMessage {
                partner_id: from.partner_id.to_string(),
                queue: from.queue.clone(),
                languages: texts(&from.languages),
                most: small(from.most),
                automatic: from.automatic,
                connect_to: from.connect_to.clone(),
            })
            .collect(),
    }
}
