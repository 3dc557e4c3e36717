//! The decision for a floor that is looked at once.

use super::{Board, Free, Head, Pair, Rules};

/// Decides who is offered what in one pass, most urgent contact first. The module's documentation has the policy.
///
/// Each contact and each counsellor is paired at most once, because each pair is committed by itself; a counsellor with
/// more room is paired again in the next pass. Contacts left out stay where they are in line.
///
/// It is a [`Board`] that is run once; whoever has much to decide keeps one.
pub fn decide(heads: &[Head], free: &[Free], rules: &Rules, now_ms: i64) -> Vec<Pair> {
    let mut board = Board::new(rules.clone());
    // Who is given twice is taken once, and as the same whatever the order: the last told is the one that stays.
    let mut waiting: Vec<&Head> = heads.iter().collect();
    waiting.sort_unstable_by_key(|head| std::cmp::Reverse(head.order()));
    for head in waiting {
        board.arrive(head.clone());
    }
    let mut idle: Vec<&Free> = free.iter().collect();
    idle.sort_unstable_by_key(|person| {
        let Free { idle_since_ms, counsellor_id, held, .. } = person;
        std::cmp::Reverse((*idle_since_ms, *counsellor_id, held.voice, held.chat, held.message))
    });
    for person in idle {
        board.free(person.clone());
    }
    board.run(now_ms)
}
