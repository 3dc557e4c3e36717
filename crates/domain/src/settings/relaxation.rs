//! Soft requirements: what a queue asks for less of when nobody who has it becomes free.
//!
//! Only skills are soft. A language, a conflict and the child's wish never are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A step in which a queue asks for less.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relaxation {
    /// Wait in seconds after which the step is taken.
    pub after_s: u32,
    /// The skill of which less is asked.
    pub skill: String,
    /// The least level from then on; 0 asks for the skill no more.
    pub level: u8,
}

/// The skills asked for after the first `taken` of these steps. A step never asks for more than the one before it.
pub fn relax(skills: &BTreeMap<String, u8>, steps: &[Relaxation], taken: usize) -> BTreeMap<String, u8> {
    let mut relaxed = skills.clone();
    for Relaxation { skill, level, .. } in steps.iter().take(taken) {
        if *level == 0 {
            relaxed.remove(skill);
        } else if let Some(asked) = relaxed.get_mut(skill) {
            *asked = (*asked).min(*level);
        }
    }
    relaxed
}

/// How many of these steps are due after this wait. A step is not taken before those in front of it.
pub fn steps_due(steps: &[Relaxation], waited_s: i64) -> usize {
    steps.iter().take_while(|step| i64::from(step.after_s) <= waited_s).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(skills: &[(&str, u8)]) -> BTreeMap<String, u8> {
        skills.iter().map(|&(skill, level)| (skill.to_owned(), level)).collect()
    }

    fn step(after_s: u32, skill: &str, level: u8) -> Relaxation {
        Relaxation { after_s, skill: skill.to_owned(), level }
    }

    #[test]
    fn each_step_asks_for_less_and_never_for_more() {
        let skills = asked(&[("law", 3), ("trauma", 1)]);
        let steps = [step(60, "law", 2), step(120, "trauma", 4), step(180, "law", 0), step(200, "art", 1)];
        assert_eq!(relax(&skills, &steps, 0), skills);
        assert_eq!(relax(&skills, &steps, 1), asked(&[("law", 2), ("trauma", 1)]));
        assert_eq!(relax(&skills, &steps, 2), asked(&[("law", 2), ("trauma", 1)]));
        assert_eq!(relax(&skills, &steps, 9), asked(&[("trauma", 1)]));
    }

    #[test]
    fn a_step_is_due_once_its_time_has_passed() {
        let steps = [step(60, "law", 2), step(120, "law", 0)];
        assert_eq!([0, 59, 60, 119, 120, 9999].map(|waited| steps_due(&steps, waited)), [0, 0, 1, 1, 2, 2]);
    }
}
