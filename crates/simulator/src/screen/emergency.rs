//! The part of the picture that is about an emergency: one line for each who was told.

use helpline_proto::escalation::v1::EscalationState;

use super::{WIDTH, clock};
use crate::emergency::account::{Account, Told};
use crate::speed::Speed;

/// Most who are shown: later ones push the first out.
const MOST: usize = 4;

/// The newest that is open, else the newest; nothing while there was none. Always of the same height.
pub(super) fn panel(emergencies: &[(f64, Account)], speed: Speed, now: f64) -> Vec<String> {
    let newest = || emergencies.iter().rev();
    let open = || newest().filter(|(_, account)| !account.is_over());
    let Some((began, shown)) = open().next().or_else(|| newest().next()) else { return Vec::new() };
    let others = open().filter(|(_, account)| account.number != shown.number).count();
    let more = if others > 0 { format!(" (+{others} open)") } else { String::new() };
    let runs = !shown.is_over() && shown.state != EscalationState::ChildReached;
    let age = clock(if runs { now - began } else { shown.age * speed.factor() });
    let mut lines = vec![
        format!("EMERGENCY no. {}, since {age}: {}{more}", shown.number, shown.standing()),
        line("", &["told", "by", "arrived", "seen", "accepted", "reached"].map(str::to_owned)),
    ];
    let told = &shown.told[shown.told.len().saturating_sub(MOST)..];
    lines.extend(told.iter().map(|told| row(told, speed)));
    lines.resize(MOST + 2, String::new());
    lines.push("─".repeat(WIDTH));
    lines
}

fn row(told: &Told, speed: Speed) -> String {
    let time = |seconds: Option<f64>| seconds.map(|seconds| clock(seconds * speed.factor()));
    let cell = |seconds: Option<f64>, else_: &str| time(seconds).unwrap_or_else(|| else_.to_owned());
    let silent = if told.passed_over { "no answer" } else { "–" };
    let lapsed = if told.passed_over && told.acknowledged.is_some() { "lapsed" } else { "–" };
    line(
        &told.who,
        &[
            cell(Some(told.at), "–"),
            told.way.clone(),
            cell(told.delivered, "–"),
            cell(told.acknowledged, silent),
            cell(told.accepted, lapsed),
            cell(told.reached, "–"),
        ],
    )
}

fn line(who: &str, cells: &[String; 6]) -> String {
    let [told, way, arrived, seen, accepted, reached] = cells;
    let text = format!("{who:<18}{told:<7}{way:<16}{arrived:<9}{seen:<11}{accepted:<10}{reached}");
    text.trim_end().to_owned()
}
