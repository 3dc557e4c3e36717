//! The floor on which decisions are measured.
//!
//! Half of the requirements and half of the counsellors belong to languages in which everybody is busy and all who wait, wait;
//! the other half to languages in which counsellors are free. So both kinds of decision can be measured on one floor:
//! somebody becomes free while contacts wait, and a contact comes while somebody is free.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use helpline_domain::channel::Medium;
use helpline_domain::counsellor::{Abilities, Capacity};
use helpline_domain::id::{ContactId, CounsellorId};
use helpline_domain::policy::{Aside, Board, Free, Group, Head, Pair, Rules};
use helpline_domain::requirement::Requirement;
use helpline_domain::risk::Class;
use uuid::Uuid;

use crate::chance::Chance;
use crate::measure::Point;

/// Requirements in all.
pub(crate) const SIGNATURES: usize = 200;
/// Kinds of counsellors, unless each is different.
const KINDS: usize = 80;
/// A contact may use the reserve after this wait.
const CAP_MS: i64 = 600_000;
/// The oldest have waited for this long.
const SPREAD_MS: i64 = 1_200_000;

const BUSY: [&str; 5] = ["ar", "ru", "ur", "fa", "fil"];
const CALM: [&str; 5] = ["en", "fr", "hi", "tr", "es"];
const SKILLS: [&str; 6] = ["law", "trauma", "abuse", "suicide", "school", "sign"];

/// A floor in the middle of a busy hour.
pub(crate) struct Scene {
    pub(crate) board: Board,
    pub(crate) now_ms: i64,
    chance: Chance,
    /// Counsellors who are busy, each with the languages in which contacts wait.
    busy: Vec<Free>,
    calm_requirements: Vec<Arc<Requirement>>,
    busy_requirements: Vec<Arc<Requirement>>,
    next_contact: u32,
    step_ms: i64,
    heads: HashMap<ContactId, Head>,
    idle: HashMap<CounsellorId, Free>,
}

impl Scene {
    pub(crate) fn new(point: Point) -> Self {
        let mut chance = Chance::new(7);
        let busy_requirements = requirements(&mut chance, &BUSY);
        let calm_requirements = requirements(&mut chance, &CALM);
        // Every group keeps its reserve, which is the dearest case.
        let on_shift = u32::try_from(point.counsellors).unwrap_or(u32::MAX);
        let groups: BTreeSet<Group> = busy_requirements
            .iter()
            .chain(&calm_requirements)
            .map(|asked| Group { medium: asked.medium, language: asked.language.clone(), on_shift })
            .collect();
        let rules = Rules {
            reserve: 1,
            cap_ms: CAP_MS,
            high_cap_ms: 0,
            on_shift,
            reserve_from: 8,
            groups: groups.into_iter().collect(),
            critical_offers: 1,
            severe_limit: 4,
        };
        let mut scene = Self {
            board: Board::new(rules),
            now_ms: 10 * SPREAD_MS,
            chance,
            busy: Vec::new(),
            calm_requirements,
            busy_requirements,
            next_contact: 0,
            step_ms: (SPREAD_MS / i64::try_from(point.waiting).unwrap_or(1)).max(1),
            heads: HashMap::new(),
            idle: HashMap::new(),
        };
        scene.fill(point);
        scene
    }

    fn fill(&mut self, point: Point) {
        for number in 0..point.waiting {
            let asked = Arc::clone(&self.busy_requirements[number % self.busy_requirements.len()]);
            let age = i64::try_from(self.chance.below(usize::try_from(SPREAD_MS).unwrap_or(1))).unwrap_or(0);
            let head = self.head(asked, self.now_ms - age);
            self.wait(head);
        }
        let kinds =
            [abilities(&mut self.chance, &BUSY, KINDS / 2), abilities(&mut self.chance, &CALM, KINDS / 2)];
        for number in 0..point.counsellors {
            let languages = [&BUSY, &CALM][number % 2];
            let abilities = if point.each_different {
                // A skill nobody asks for tells them apart.
                let mut own = one(&mut self.chance, languages);
                own.skills.insert(format!("own-{number}"), 1);
                Arc::new(own)
            } else {
                Arc::clone(self.chance.pick(&kinds[number % 2]))
            };
            let free = Free {
                counsellor_id: Uuid::from_u128(0xA000_0000 + number as u128).into(),
                abilities,
                held: Capacity::default(),
                idle_since_ms: self.now_ms - i64::try_from(self.chance.below(600_000)).unwrap_or(0),
                on_call: false,
                severe_in_a_row: u32::try_from(self.chance.below(5)).unwrap_or(0),
                aside: Aside::default(),
            };
            if number % 2 == 0 {
                self.busy.push(free);
            } else {
                self.board.free(free.clone());
                self.idle.insert(free.counsellor_id, free);
            }
        }
        // What nobody is there for waits for ever and is no decision.
        let serves =
            |asked: &Requirement| self.idle.values().any(|free| asked.lack(&free.abilities).is_none());
        let mut some_for = std::mem::take(&mut self.calm_requirements);
        some_for.retain(|asked| serves(asked));
        self.calm_requirements = some_for;
        // Whatever is possible before it begins.
        for pair in self.board.run(self.now_ms) {
            self.heads.remove(&pair.contact_id);
            self.idle.remove(&pair.counsellor_id);
        }
    }

    fn head(&mut self, requirement: Arc<Requirement>, received_ms: i64) -> Head {
        self.next_contact += 1;
        // The mixture of the standard scenario of the simulator.
        let (class, target_s) = match self.chance.below(100) {
            0..6 => (Class::Critical, 15),
            6..20 => (Class::High, 60),
            20..60 => (Class::Medium, 180),
            _ => (Class::Low, 300),
        };
        Head {
            contact_id: Uuid::from_u128(0xC000_0000 + u128::from(self.next_contact)).into(),
            class,
            resumed: false,
            deadline_ms: received_ms + 1000 * target_s,
            received_ms,
            sequence: i64::from(self.next_contact),
            requirement,
            cooling: Vec::new(),
            cooling_void: false,
            barred: Vec::new(),
            preferred: None,
            only_on_call: false,
        }
    }

    fn wait(&mut self, head: Head) {
        self.heads.insert(head.contact_id, head.clone());
        self.board.arrive(head);
    }

    /// Somebody finishes a call in a language in which others wait.
    pub(crate) fn finishes(&mut self) -> Free {
        self.now_ms += self.step_ms;
        let at = self.chance.below(self.busy.len());
        let mut free = self.busy.swap_remove(at);
        free.idle_since_ms = self.now_ms;
        free
    }

    /// Somebody comes in a language in which counsellors are free.
    pub(crate) fn comes(&mut self) -> Head {
        let asked = Arc::clone(self.chance.pick(&self.calm_requirements));
        self.head(asked, self.now_ms)
    }

    /// After the counsellor finished: whoever was paired is talking, and another like them comes.
    pub(crate) fn after_finishing(&mut self, free: Free, pairs: &[Pair]) {
        for pair in pairs {
            if let Some(gone) = self.heads.remove(&pair.contact_id) {
                let next = self.head(gone.requirement, self.now_ms);
                self.wait(next);
            }
        }
        self.board.busy(free.counsellor_id);
        self.busy.push(free);
    }

    /// After the contact came: it is answered, and the counsellor is free again at once, so that the floor stays as it is.
    pub(crate) fn after_coming(&mut self, head: &Head, pairs: &[Pair]) {
        self.board.leave(head.contact_id);
        for pair in pairs {
            if let Some(free) = self.idle.get_mut(&pair.counsellor_id) {
                free.idle_since_ms = self.now_ms;
                self.board.free(free.clone());
            }
        }
        // What this makes possible is nobody's decision here.
        let none = self.board.run(self.now_ms);
        debug_assert!(none.is_empty(), "nobody waits for a calm language");
    }

    /// Everybody who waits and is free, for a decision anew.
    pub(crate) fn everybody(&self) -> (Vec<Head>, Vec<Free>) {
        (self.heads.values().cloned().collect(), self.idle.values().cloned().collect())
    }
}

/// Half of the requirements: a language, a medium, and for most a skill or two.
fn requirements(chance: &mut Chance, languages: &[&str]) -> Vec<Arc<Requirement>> {
    let mut all = BTreeSet::new();
    while all.len() < SIGNATURES / 2 {
        let medium = *chance.pick(&Medium::ALL);
        let skills =
            (0..chance.below(3)).map(|_| ((*chance.pick(&SKILLS)).to_owned(), level(chance))).collect();
        all.insert(Requirement { medium, language: Some((*chance.pick(languages)).to_owned()), skills });
    }
    all.into_iter().map(Arc::new).collect()
}

fn abilities(chance: &mut Chance, languages: &[&str], count: usize) -> Vec<Arc<Abilities>> {
    (0..count).map(|_| Arc::new(one(chance, languages))).collect()
}

fn one(chance: &mut Chance, languages: &[&str]) -> Abilities {
    let spoken: BTreeSet<String> =
        (0..=chance.below(3)).map(|_| (*chance.pick(languages)).to_owned()).collect();
    Abilities {
        languages: spoken.into_iter().collect(),
        interpreted: Vec::new(),
        skills: (0..chance.below(5)).map(|_| ((*chance.pick(&SKILLS)).to_owned(), 3)).collect(),
        capacity: Capacity { voice: 1, chat: 3, message: 5 },
    }
}

fn level(chance: &mut Chance) -> u8 {
    u8::try_from(1 + chance.below(3)).unwrap_or(1)
}
