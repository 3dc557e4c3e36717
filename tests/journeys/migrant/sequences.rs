//! Whatever is done in whatever order: a mission reads only what is agreed to, while no fear stands that an approved override does not know.

use helpline_tests::migrant::{answer_override, ask_override, fear};
use helpline_tests::referral::consent;

use super::room::Room;
use crate::chance::Chance;
use crate::referral::room::get;

#[derive(Clone, Copy, Debug)]
enum Move {
    Fear,
    FearOfAll,
    LiftOne,
    Consent,
    Ask,
    ApproveLast,
    TakeBackLast,
}

const MOVES: [Move; 7] = [
    Move::Fear,
    Move::FearOfAll,
    Move::LiftOne,
    Move::Consent,
    Move::Ask,
    Move::ApproveLast,
    Move::TakeBackLast,
];

#[tokio::test]
async fn slow_no_sequence_lets_a_mission_read_while_fear_stands_without_an_approved_override() {
    let room = Room::new().await;
    let other = room.stage.world.supervisor().await;
    let embassy = room.embassy("SY").await;
    let (mut opened, mut shut) = (0, 0);
    for seed in 0..12 {
        let mut chance = Chance::new(seed);
        let moves: Vec<Move> = (0..14).map(|_| chance.one(&MOVES)).collect();
        room.stage.world.lift_all(&room.case.case_id).await;
        let referral = room.by().refer(room.draft(&[&embassy])).await;
        // What stands, and of each override that was approved and not taken back what stood when it was asked for.
        let mut standing: Vec<String> = Vec::new();
        let mut asked: Vec<(String, Vec<String>, bool)> = Vec::new();
        for one in &moves {
            match one {
                Move::Fear | Move::FearOfAll => {
                    let country = if matches!(one, Move::Fear) { "SY" } else { "" };
                    if let Ok(made) = room.by().protect(fear(&room.case.case_id, country)).await {
                        standing.push(made.protection_id);
                    }
                }
                Move::LiftOne => {
                    if let Some(id) = standing.pop() {
                        room.stage.world.lift(&id).await;
                    }
                }
                Move::Consent => {
                    let agreed =
                        room.by().consents().record_consent(consent(&referral, embassy.agency)).await;
                    let lets = asked
                        .iter()
                        .any(|(_, known, ok)| *ok && standing.iter().all(|id| known.contains(id)));
                    assert!(agreed.is_ok() <= (standing.is_empty() || lets), "{moves:?}");
                }
                Move::Ask => {
                    let ask = ask_override(&room.case.case_id, embassy.agency);
                    if let Ok(made) = room.by().ask_consulate(ask).await {
                        asked.push((made.override_id, standing.clone(), false));
                    }
                }
                Move::ApproveLast => {
                    if let Some((id, _, ok)) = asked.last_mut()
                        && other.answer_consulate(answer_override(id, true)).await.is_ok()
                    {
                        *ok = true;
                    }
                }
                Move::TakeBackLast => {
                    if let Some((id, _, ok)) = asked.last_mut()
                        && other.answer_consulate(answer_override(id, false)).await.is_ok()
                    {
                        *ok = false;
                    }
                }
            }
            let lets = asked.iter().any(|(_, known, ok)| *ok && standing.iter().all(|id| known.contains(id)));
            let reads = get(&embassy.responder, &referral).await.is_ok();
            if reads {
                opened += 1;
                assert!(standing.is_empty() || lets, "{moves:?} {standing:?} {asked:?}");
            } else {
                shut += 1;
            }
        }
    }
    assert!(opened > 0 && shut > 0, "{opened} {shut}");
}
