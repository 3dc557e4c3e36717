//! What a comparison means, in plain sentences.

use std::fmt::Write as _;

use helpline_domain::risk::Class;

use super::{Comparison, Summary};
use crate::measure::Tally;
use crate::policy::Policy;
use crate::statistics::Estimate;

/// "12.3 points more (± 1.0)", or that it cannot be told.
fn points(difference: Estimate) -> String {
    let points = difference.mean.abs() * 100.0;
    if difference.mean.abs() <= difference.half_width {
        return format!(
            "no difference that can be told ({:+.1} ± {:.1} points)",
            difference.mean * 100.0,
            difference.half_width * 100.0
        );
    }
    let more = if difference.mean > 0.0 { "more" } else { "fewer" };
    format!("{points:.1} points {more} (± {:.1})", difference.half_width * 100.0)
}

/// What ours does for each class and what it costs, against the policy that is nearest to it in intent.
pub fn sentences(comparison: &Comparison) -> String {
    let mut text = String::new();
    let Some(ours) = comparison.of(Policy::Ours) else { return text };
    goals(&mut text, comparison, ours);
    let Some(strict) = comparison.of(Policy::Strict) else { return text };
    for class in Class::ALL {
        let answered = ours.difference(strict, class, Tally::share_in_target);
        let left = ours.difference(strict, class, Tally::share_abandoned);
        if let (Some(answered), Some(left)) = (answered, left) {
            let _ = writeln!(
                text,
                "Of those waiting as {}, ours answers in time, compared with strict priority: {}; who leave: {}.",
                class.key(),
                points(answered),
                points(left),
            );
        }
    }
    if let (Some(mine), Some(theirs)) = (ours.class(Class::Low), strict.class(Class::Low)) {
        let _ = writeln!(
            text,
            "The longest wait of the low class is {:.0} s with ours and {:.0} s with strict priority.",
            mine.max_wait_s.mean, theirs.max_wait_s.mean,
        );
    }
    let _ = writeln!(
        text,
        "During {:.0} % of the time ours keeps a counsellor free for a critical contact while somebody else waits.",
        ours.kept_free().mean * 100.0,
    );
    text
}

/// Which goals are met and which are not.
fn goals(text: &mut String, comparison: &Comparison, ours: &Summary) {
    for class in &comparison.scenario.classes {
        let Some(figures) = ours.class(class.class) else { continue };
        let verdict = if figures.in_target.mean >= class.goal { "meets" } else { "misses" };
        let _ = writeln!(
            text,
            "Ours answers {:.1} % of the {} class within {} s and {verdict} the goal of {:.0} %; {:.1} % leave.",
            figures.in_target.mean * 100.0,
            class.class.key(),
            class.target_s,
            class.goal * 100.0,
            figures.abandoned.mean * 100.0,
        );
    }
}
