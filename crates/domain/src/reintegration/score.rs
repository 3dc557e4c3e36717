//! How the children of a cohort fare, by region, without telling of one.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveTime, Utc};

use crate::disclosure::keyed;
use crate::statistics::{Table, suppress};

/// Children at least who are told of together.
pub const LEAST: i64 = 5;

/// The table by where children stand: no side of life has this key.
pub const STATE: &str = "";

keyed!(
    /// How what was planned for a child stands.
    Standing {
        /// Something that is due was not done.
        Late = "late",
        /// All that was due was done.
        Done = "done",
        /// Nothing was due yet.
        Ahead = "ahead",
        /// Nothing was planned.
        None = "none",
    }
);

/// So many children of a region of whom the same holds, in one table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Count {
    /// The region; empty for those who are not settled.
    pub region: String,
    /// [`STATE`], or the side of life of what was planned.
    pub table: String,
    /// The state, or the standing.
    pub key: String,
    /// How many children.
    pub children: i64,
}

/// A region that may be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// Its key.
    pub region: String,
    /// Its children.
    pub children: i64,
    /// Its tables by their keys, each of all its children.
    pub tables: Vec<(String, Table)>,
}

/// What may be told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Score {
    /// Regions, the largest first.
    pub regions: Vec<Region>,
    /// Children of the other regions.
    pub pooled: i64,
    /// How many regions these are.
    pub pooled_regions: usize,
}

/// The end of the month before an instant, in universal time.
pub fn month_end(now: DateTime<Utc>) -> DateTime<Utc> {
    let first = now.date_naive().with_day(1).unwrap_or_else(|| now.date_naive());
    first.and_time(NaiveTime::MIN).and_utc()
}

/// What may be told of these counts. Of a region that is too small by itself nothing is told but that it is pooled with others; of
/// fewer children than [`LEAST`] nothing at all. No table crosses two things, so that none tells what another hides.
pub fn score(counts: &[Count]) -> Score {
    let of = |region: &str, table: &str| -> Vec<(String, i64)> {
        let own = counts.iter().filter(|one| one.region == region && one.table == table);
        own.map(|one| (one.key.clone(), one.children)).collect()
    };
    let mut regions: BTreeMap<&str, i64> = BTreeMap::new();
    for one in counts.iter().filter(|one| one.table == STATE) {
        *regions.entry(&one.region).or_default() += one.children;
    }
    let total: i64 = regions.values().sum();
    if total < LEAST {
        return Score::default();
    }
    let told =
        suppress(regions.iter().map(|(region, count)| ((*region).to_owned(), *count)).collect(), LEAST);
    let tables = |region: &str, children: i64| {
        let mut keys: Vec<&str> =
            counts.iter().filter(|one| one.region == region).map(|one| one.table.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        let table = |key: &str| {
            let mut parts = of(region, key);
            let known: i64 = parts.iter().map(|(_, count)| count).sum();
            if key != STATE {
                parts.push((Standing::None.key().to_owned(), children.saturating_sub(known)));
            }
            (key.to_owned(), suppress(parts, LEAST))
        };
        // That a side of life was planned for anybody is told with the first number of it.
        keys.into_iter().map(table).filter(|(key, table)| key == STATE || !table.parts.is_empty()).collect()
    };
    let region = |(region, children): (String, i64)| {
        let tables = tables(&region, children);
        Region { region, children, tables }
    };
    Score {
        regions: told.parts.into_iter().map(region).collect(),
        pooled: told.pooled,
        pooled_regions: told.pooled_parts,
    }
}
