//! The figures as a table, a curve and JSON.

use std::fmt::Write as _;

use crate::measure::{Cost, Found};
use crate::scene::SIGNATURES;

/// The aim: along a line of points none costs more than this many times another.
const AIM: f64 = 1.5;

/// Table and curve.
pub(crate) fn text(found: &[Found]) -> String {
    format!("{}\n{}\n\n{}", table(found), spreads(found), curve(found))
}

/// The part of the page.
pub(crate) fn page(found: &[Found], events: u32) -> String {
    format!(
        "## One matching decision

Written by `cargo xtask bench matching --write`.

A decision is one event and the pairs that follow from it, on a standing board (`Board` in `domain`), which is told each \
event and decides what `decide` decides. What is timed is the telling and the deciding of \
events that lead to a pair; `finishes` is a counsellor \
who becomes free while contacts wait, `comes` a contact that arrives while somebody is free for it. {SIGNATURES} requirements \
(ten languages, three media, six skills with levels), reserve of one for each language and medium, care limit, cap; \
half of the counsellors are busy in the languages in which everybody waits, the others free in the rest. Counsellors have \
one of 80 sets of abilities, in the rows marked `own` each has a set of their own. {events} events of each kind at every \
point, one thread. `anew` is the same decision by `decide`, which builds a board of everybody and runs it once. The \
live matcher's pass is not this: it also reads the heads of the lines from Redis and claims what was decided.

{table}
`×` is the median over that of 100 waiting and 100 counsellors. {spreads}

```text
{curve}```
",
        table = table(found),
        spreads = spreads(found),
        curve = curve(found),
    )
}

/// One JSON object.
pub(crate) fn json(found: &[Found]) -> String {
    let points: Vec<String> = found
        .iter()
        .map(|one| {
            let cost = |cost: Cost| {
                format!("{{\"median_ns\":{},\"p99_ns\":{}}}", cost.median_ns, cost.p99_ns)
            };
            format!(
                "{{\"waiting\":{},\"counsellors\":{},\"each_different\":{},\"finishes\":{},\"comes\":{},\"anew_ns\":{}}}",
                one.point.waiting,
                one.point.counsellors,
                one.point.each_different,
                cost(one.finishes),
                cost(one.comes),
                one.anew_ns
            )
        })
        .collect();
    format!("{{\"signatures\":{SIGNATURES},\"points\":[{}]}}", points.join(","))
}

fn table(found: &[Found]) -> String {
    let mut text = String::from(
        "| waiting | counsellors | finishes p50 µs | p99 | × | comes p50 µs | p99 | × | anew µs |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for one in found {
        let own = if one.point.each_different { ", own" } else { "" };
        let _ = writeln!(
            text,
            "| {} | {}{own} | {} | {} | {:.2} | {} | {} | {:.2} | {} |",
            one.point.waiting,
            one.point.counsellors,
            microseconds(one.finishes.median_ns),
            microseconds(one.finishes.p99_ns),
            ratio(found, one, |found| found.finishes),
            microseconds(one.comes.median_ns),
            microseconds(one.comes.p99_ns),
            ratio(found, one, |found| found.comes),
            microseconds(one.anew_ns),
        );
    }
    text
}

fn curve(found: &[Found]) -> String {
    let mut text = String::new();
    let most = found.iter().map(|one| one.finishes.median_ns.max(one.comes.median_ns)).max().unwrap_or(1);
    for (name, of) in
        [("finishes", (|one: &Found| one.finishes) as fn(&Found) -> Cost), ("comes", |one: &Found| one.comes)]
    {
        let _ = writeln!(text, "{name}, median (of a hundred events, how many led to a pair)");
        for one in found {
            let cost = of(one);
            let bar = "█".repeat(usize::try_from(cost.median_ns * 40 / most.max(1)).unwrap_or(0).max(1));
            let own = if one.point.each_different { " own" } else { "" };
            let _ = writeln!(
                text,
                "{:>7} waiting {:>6} counsellors{own:<4} {bar} {} µs ({})",
                one.point.waiting,
                one.point.counsellors,
                microseconds(cost.median_ns),
                cost.pairs_percent
            );
        }
    }
    text
}

/// The largest median over the smallest, along both lines of the aim.
fn spreads(found: &[Found]) -> String {
    let spread = |of: fn(&Found) -> Cost, on_line: fn(&Found) -> bool| {
        let medians = || found.iter().filter(|one| on_line(one)).map(|one| of(one).median_ns.max(1));
        hundredths(medians().max().unwrap_or(1) * 100 / medians().min().unwrap_or(1))
    };
    let by_waiting = |one: &Found| one.point.counsellors == 100;
    let by_counsellors = |one: &Found| {
        one.point.waiting == 10_000 && one.point.counsellors <= 1_000 && !one.point.each_different
    };
    format!(
        "The largest median over the smallest: from 100 to 100,000 waiting {:.2} (finishes) and {:.2} (comes), from 10 to 1,000 \
counsellors {:.2} and {:.2}; the aim is at most {AIM}.",
        spread(|one| one.finishes, by_waiting),
        spread(|one| one.comes, by_waiting),
        spread(|one| one.finishes, by_counsellors),
        spread(|one| one.comes, by_counsellors),
    )
}

/// How much a point costs beside the first one.
fn ratio(found: &[Found], one: &Found, of: fn(&Found) -> Cost) -> f64 {
    let first = found.first().map_or(1, |first| of(first).median_ns.max(1));
    hundredths(of(one).median_ns * 100 / first)
}

fn microseconds(ns: u64) -> String {
    format!("{:.2}", hundredths(ns / 10))
}

fn hundredths(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / 100.0
}
