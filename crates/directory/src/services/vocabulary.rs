//! The words of a directory, to be found as people write them: begun, misspelled, in other letters.

use std::collections::{BTreeMap, HashMap};

use helpline_domain::service::fold::{Word, grams, words};

/// Share of common letter groups from which two words are taken for spellings of one.
const ALIKE: f32 = 0.5;
/// Shorter words are found as they are, or not at all.
const SHORTEST: usize = 3;
/// Fewer consonants are those of too many words.
const FEWEST_BONES: usize = 3;
/// What a match is worth.
const BEGUN: f32 = 0.9;
const MISSPELLED: f32 = 0.8;
const OTHER_LETTERS: f32 = 0.7;
/// Words of a question that are looked at.
const MOST_WORDS: usize = 12;

/// How well a text matches what is asked.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Likeness {
    /// Whether every word that is asked for stands in it.
    pub(crate) whole: bool,
    /// From 0 to 1.
    pub(crate) score: f32,
}

/// The words of texts that have a number each, the text's slot.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    words: BTreeMap<String, u32>,
    /// How many letter groups each word has.
    sizes: Vec<u16>,
    /// Which words have a letter group.
    grams: HashMap<[char; 3], Vec<u32>>,
    bones: HashMap<String, Vec<u32>>,
    /// In which texts each word stands, and how much that is worth.
    postings: Vec<Vec<(u32, f32)>>,
}

impl Vocabulary {
    /// Takes in a text. Texts come with ascending slots.
    pub(crate) fn add(&mut self, slot: u32, text: &str, worth: f32) {
        for word in words(text) {
            let id = self.id(word);
            let Some(places) = self.postings.get_mut(id as usize) else { continue };
            match places.last_mut() {
                Some((last, known)) if *last == slot => *known = known.max(worth),
                _ => places.push((slot, worth)),
            }
        }
    }

    fn id(&mut self, word: Word) -> u32 {
        if let Some(id) = self.words.get(&word.folded) {
            return *id;
        }
        let id = u32::try_from(self.postings.len()).unwrap_or(u32::MAX);
        let groups = grams(&word.folded);
        self.sizes.push(u16::try_from(groups.len()).unwrap_or(u16::MAX));
        for group in groups {
            self.grams.entry(group).or_default().push(id);
        }
        if word.bones.len() >= FEWEST_BONES {
            self.bones.entry(word.bones).or_default().push(id);
        }
        self.words.insert(word.folded, id);
        self.postings.push(Vec::new());
        id
    }

    /// The texts in which at least half of the words asked for stand, and how well they match.
    pub(crate) fn find(&self, text: &str) -> HashMap<u32, Likeness> {
        let asked: Vec<Word> = words(text).into_iter().take(MOST_WORDS).collect();
        let mut sums = HashMap::<u32, (usize, f32)>::new();
        for word in &asked {
            let mut best = HashMap::<u32, f32>::new();
            for (id, likeness) in self.alike(word) {
                for (slot, worth) in self.postings.get(id as usize).into_iter().flatten() {
                    let score = best.entry(*slot).or_default();
                    *score = score.max(likeness * worth);
                }
            }
            for (slot, score) in best {
                let (matched, sum) = sums.entry(slot).or_default();
                *matched += 1;
                *sum += score;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a dozen words at most")]
        let count = asked.len() as f32;
        sums.retain(|_, (matched, _)| *matched * 2 >= asked.len());
        let likeness = |(matched, sum)| Likeness { whole: matched == asked.len(), score: sum / count };
        sums.into_iter().map(|(slot, sum)| (slot, likeness(sum))).collect()
    }

    /// The known words that a word may stand for.
    fn alike(&self, word: &Word) -> HashMap<u32, f32> {
        let mut alike = HashMap::new();
        let mut note = |id: u32, likeness: f32| {
            let known = alike.entry(id).or_insert(0.0_f32);
            *known = known.max(likeness);
        };
        if let Some(id) = self.words.get(&word.folded) {
            note(*id, 1.0);
        }
        if word.folded.chars().count() < SHORTEST {
            return alike;
        }
        let begun =
            self.words.range(word.folded.clone()..).take_while(|(known, _)| known.starts_with(&word.folded));
        for (_, id) in begun {
            note(*id, BEGUN);
        }
        for id in self.bones.get(&word.bones).into_iter().flatten() {
            note(*id, OTHER_LETTERS);
        }
        let groups = grams(&word.folded);
        let mut common = HashMap::<u32, u16>::new();
        for group in &groups {
            for id in self.grams.get(group).into_iter().flatten() {
                *common.entry(*id).or_default() += 1;
            }
        }
        let own = f32::from(u16::try_from(groups.len()).unwrap_or(u16::MAX));
        for (id, shared) in common {
            let size = self.sizes.get(id as usize).copied().unwrap_or_default();
            let likeness = 2.0 * f32::from(shared) / (own + f32::from(size));
            if likeness >= ALIKE {
                note(id, likeness * MISSPELLED);
            }
        }
        alike
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<u32> {
        let mut vocabulary = Vocabulary::default();
        for (slot, name) in ["Shelter for girls", "Приют для детей", "مأوى الأطفال الدوحة", "Legal aid clinic"]
            .iter()
            .enumerate()
        {
            vocabulary.add(u32::try_from(slot).unwrap(), name, 1.0);
        }
        let mut found: Vec<_> = vocabulary.find(text).into_iter().collect();
        found.sort_by(|one, other| other.1.score.total_cmp(&one.1.score));
        found.into_iter().map(|(slot, _)| slot).collect()
    }

    #[test]
    fn a_word_is_found_misspelled_begun_and_in_other_letters() {
        for (text, slot) in [
            ("sheltr", 0),
            ("shel", 0),
            ("priyut", 1),
            ("приют детй", 1),
            ("ماوي اطفال", 2),
            ("الدوحه", 2),
            ("legl clinc", 3),
        ] {
            assert_eq!(found(text).first(), Some(&slot), "{text}");
        }
    }

    #[test]
    fn a_word_that_stands_nowhere_finds_nothing() {
        assert!(found("zebra").is_empty());
        assert!(found("").is_empty());
    }
}
