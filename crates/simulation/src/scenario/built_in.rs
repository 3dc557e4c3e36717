//! The scenarios that come with the program. Each is a file that can be printed, edited and played.

use super::{Scenario, ScenarioError};

/// Name and text of each.
const SCENARIOS: &[(&str, &str)] = &[
    ("standard", include_str!("../../scenarios/standard.toml")),
    ("load-1.3", include_str!("../../scenarios/load-1.3.toml")),
    ("surge", include_str!("../../scenarios/surge.toml")),
    ("small-centre", include_str!("../../scenarios/small-centre.toml")),
    ("scarce-language", include_str!("../../scenarios/scarce-language.toml")),
    ("parkable", include_str!("../../scenarios/parkable.toml")),
    ("mixed-channels", include_str!("../../scenarios/mixed-channels.toml")),
    ("night", include_str!("../../scenarios/night.toml")),
    ("erlang-c-8", include_str!("../../scenarios/erlang-c-8.toml")),
    ("erlang-c-14", include_str!("../../scenarios/erlang-c-14.toml")),
    ("erlang-a-10", include_str!("../../scenarios/erlang-a-10.toml")),
    ("erlang-a-18", include_str!("../../scenarios/erlang-a-18.toml")),
];

/// Names of the scenarios that are built in.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().map(|(name, _)| *name)
}

/// The text of a scenario that is built in.
pub fn text_of(name: &str) -> Option<&'static str> {
    SCENARIOS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A scenario that is built in.
///
/// # Errors
/// Never for those that are there; `None` for a name that is not.
pub fn built_in(name: &str) -> Option<Result<Scenario, ScenarioError>> {
    text_of(name).map(Scenario::parse)
}
