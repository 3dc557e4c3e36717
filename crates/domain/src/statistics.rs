//! Figures of contacts: by what they are counted, and what of them may leave the centre.

use crate::disclosure::keyed;

keyed!(
    /// By what contacts are counted.
    Dimension {
        /// How the child reached the helpline.
        Channel = "channel",
        /// Where the contact stands or ended.
        State = "state",
        /// Counselling, or what else it was.
        ContactKind = "kind",
        /// The category that was recorded first.
        MainCategory = "main_category",
        /// Every category that was recorded: one contact may be under several.
        Category = "category",
        /// Gender of the child.
        Gender = "gender",
        /// Age of the child.
        AgeBand = "age_band",
        /// Region.
        Region = "region",
        /// What was done.
        ActionTaken = "action_taken",
        /// Risk.
        Risk = "risk",
        /// Month of the arrival.
        Month = "month",
    }
);

/// A table of which no part is so small that somebody could be recognised in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    /// The parts that may be told, the largest first.
    pub parts: Vec<(String, i64)>,
    /// The others together.
    pub pooled: i64,
    /// How many these are.
    pub pooled_parts: usize,
}

/// Pools the parts that are smaller than `least`. What is pooled is never one part alone, nor smaller than `least` as long as
/// anything else is left to be pooled with it: otherwise the whole less the other parts would tell it.
pub fn suppress(mut parts: Vec<(String, i64)>, least: i64) -> Table {
    parts.retain(|(_, count)| *count > 0);
    parts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let mut table = Table { parts, ..Table::default() };
    let small = |table: &Table| table.parts.last().is_some_and(|(_, count)| *count < least);
    let too_little =
        |table: &Table| table.pooled_parts > 0 && (table.pooled < least || table.pooled_parts < 2);
    while small(&table) || too_little(&table) {
        let Some((_, count)) = table.parts.pop() else { break };
        table.pooled = table.pooled.saturating_add(count);
        table.pooled_parts = table.pooled_parts.saturating_add(1);
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_are_the_whole_and_none_is_told_that_is_too_small(
            counts in proptest::collection::vec(0_i64..40, 0..20),
            least in 3_i64..12,
        ) {
            let parts: Vec<_> = counts.iter().enumerate().map(|(index, count)| (format!("part_{index}"), *count)).collect();
            let table = suppress(parts.clone(), least);
            let told: i64 = table.parts.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(told + table.pooled, counts.iter().sum::<i64>());
            prop_assert!(table.parts.iter().all(|part| part.1 >= least && parts.contains(part)));
            if table.pooled_parts > 0 && !table.parts.is_empty() {
                prop_assert!(table.pooled >= least && table.pooled_parts >= 2);
            }
            // Nothing is hidden that need not be.
            if counts.iter().all(|count| *count == 0 || *count >= least) {
                prop_assert_eq!(table.pooled_parts, 0);
            }
        }
    }

    #[test]
    fn one_small_part_takes_the_next_with_it() {
        let parts = [("a", 50), ("b", 9), ("c", 2)].map(|(key, count)| (key.to_owned(), count)).to_vec();
        let table = suppress(parts, 5);
        assert_eq!(table.parts, [("a".to_owned(), 50)]);
        assert_eq!((table.pooled, table.pooled_parts), (11, 2));
    }
}
