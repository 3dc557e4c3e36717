//! A comparison for machines.

use helpline_domain::risk::Class;
use serde_json::{Map, Value, json as object};

use super::{ClassSummary, Comparison, Summary};
use crate::statistics::Estimate;

/// One object: policy, then class, then figure. Figures are means over seeds; `…_ci95` is the 95 % interval of the mean.
pub fn json(comparison: &Comparison) -> Value {
    let policies = comparison.policies.iter();
    Value::Object(policies.map(|summary| (summary.policy.key().to_owned(), policy(summary))).collect())
}

fn policy(summary: &Summary) -> Value {
    let mut of_policy = Map::new();
    for class in Class::ALL {
        if let Some(figures) = summary.class(class) {
            let mut of_class = figures_of(&figures);
            if let Some(found) = summary.found(class) {
                of_class.insert("found_at_close".to_owned(), Value::Object(figures_of(&found)));
            }
            of_policy.insert(class.key().to_owned(), Value::Object(of_class));
        }
    }
    let floor = object!({
        "occupancy": summary.occupancy().mean,
        "kept_free": summary.kept_free().mean,
        "missed_offers": summary.missed().mean,
    });
    of_policy.insert("floor".to_owned(), floor);
    Value::Object(of_policy)
}

fn figures_of(figures: &ClassSummary) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("contacts".to_owned(), figures.contacts.into());
    let mut put = |name: &str, estimate: Estimate| {
        map.insert(name.to_owned(), rounded(estimate.mean));
        map.insert(format!("{name}_ci95"), Value::Array(estimate.interval().map(rounded).to_vec()));
    };
    put("in_target", figures.in_target);
    put("abandoned", figures.abandoned);
    put("short_abandoned", figures.short_abandoned);
    put("p50_wait_s", figures.p50_wait_s);
    put("p95_wait_s", figures.p95_wait_s);
    put("p99_wait_s", figures.p99_wait_s);
    put("max_wait_s", figures.max_wait_s);
    put("mean_wait_s", figures.mean_wait_s);
    map
}

/// Six digits are more than the figures hold.
fn rounded(value: f64) -> Value {
    ((value * 1e6).round() / 1e6).into()
}
