//! A comparison for people.

use std::fmt::Write as _;

use helpline_domain::risk::Class;

use super::Comparison;
use crate::statistics::Estimate;

fn percent(estimate: Estimate) -> String {
    format!("{:5.1} ± {:3.1}", estimate.mean * 100.0, estimate.half_width * 100.0)
}

fn seconds(estimate: Estimate) -> String {
    format!("{:6.0} ± {:3.0}", estimate.mean, estimate.half_width)
}

/// One line for each class and policy.
pub fn table(comparison: &Comparison) -> String {
    let scenario = &comparison.scenario;
    let seeds = comparison.policies.first().map_or(0, |summary| summary.plays.len());
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}: {}\n{} counsellors, {:.1} contacts per hour, {} days for each of {seeds} seeds; means with 95 % intervals. \
         Who left counts as missed.\n",
        scenario.name,
        scenario.description,
        scenario.counsellors.count,
        scenario.contacts_per_hour(),
        scenario.days,
    );
    let _ = writeln!(
        text,
        "class     policy          in target %     left %          half within s  95 % within s  longest s      contacts  \
         (found at close: in target %)"
    );
    for class in Class::ALL {
        for summary in &comparison.policies {
            let Some(figures) = summary.class(class) else { continue };
            let found = summary.found(class).map_or_else(String::new, |found| percent(found.in_target));
            let _ = writeln!(
                text,
                "{:<9} {:<15} {}   {}   {}   {}   {}   {:>8}  ({found})",
                class.key(),
                summary.policy.key(),
                percent(figures.in_target),
                percent(figures.abandoned),
                seconds(figures.p50_wait_s),
                seconds(figures.p95_wait_s),
                seconds(figures.max_wait_s),
                figures.contacts,
            );
        }
    }
    let _ = writeln!(
        text,
        "\npolicy          counsellors busy %   somebody kept free while others waited %   offers missed %"
    );
    for summary in &comparison.policies {
        let _ = writeln!(
            text,
            "{:<15} {}          {}                              {}",
            summary.policy.key(),
            percent(summary.occupancy()),
            percent(summary.kept_free()),
            percent(summary.missed()),
        );
    }
    text
}
