//! Processor time of processes, as the kernel counts it.

use std::fs;

/// The kernel tells times in hundredths of a second on every Linux there is.
const TICK_MS: f64 = 10.0;

/// Milliseconds of processor time that a process has used; 0 when it has ended.
pub(crate) fn of(id: u32) -> f64 {
    stat(id).map_or(0.0, |stat| stat.own)
}

/// The same with its children: those that live and those that have ended.
pub(crate) fn of_family(id: u32) -> f64 {
    let Some(parent) = stat(id) else { return 0.0 };
    let living: f64 = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| stat(entry.file_name().to_str()?.parse().ok()?))
        .filter(|stat| stat.parent == id)
        .map(|stat| stat.own + stat.ended)
        .sum();
    parent.own + parent.ended + living
}

struct Stat {
    parent: u32,
    own: f64,
    ended: f64,
}

fn stat(id: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

fn parse(line: &str) -> Option<Stat> {
    // The name in parentheses may have blanks and parentheses of its own.
    let fields: Vec<&str> = line.rsplit_once(") ")?.1.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: (number(11)? + number(12)?) * TICK_MS,
        ended: (number(13)? + number(14)?) * TICK_MS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_a_process_are_read_past_a_strange_name() {
        let line = "42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 25 5 20 0 1 0 100 0 0";
        let stat = parse(line).unwrap();
        assert_eq!(stat.parent, 7);
        assert!((stat.own - 2000.0).abs() < 1e-9);
        assert!((stat.ended - 300.0).abs() < 1e-9);
    }

    #[test]
    fn our_own_time_can_be_read() {
        assert!(stat(std::process::id()).is_some());
    }
}
