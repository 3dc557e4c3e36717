//! Cohorts on the wire.

pub(crate) mod requests;

use helpline_domain::reintegration::score::{Region, Score};
use helpline_domain::reintegration::{NotArrivedReason, ReturneeState};
use helpline_domain::statistics::Table;
use helpline_proto::reintegration::v1 as proto;
use helpline_service_kit::wire::timestamp;
use helpline_store::reintegration::cohort::Cohort;
use helpline_store::reintegration::read::Returnee;

/// Defines both directions between an enum of the domain and one of the API.
macro_rules! both_ways {
    ($to:ident, $from:ident: $domain:ident, $wire:path { $($word:ident),+ $(,)? }) => {
        const fn $to(value: $domain) -> $wire {
            use $wire as Wire;
            match value {
                $($domain::$word => Wire::$word,)+
            }
        }

        const fn $from(value: $wire) -> Option<$domain> {
            use $wire as Wire;
            Some(match value {
                $(Wire::$word => $domain::$word,)+
                Wire::Unspecified => return None,
            })
        }
    };
}

both_ways!(state, state_from: ReturneeState, proto::ReturneeState {
    Announced, Arrived, FirstRehabilitation, Settled, Monitored, Closed, NotArrived,
});
both_ways!(reason, reason_from: NotArrivedReason, proto::NotArrivedReason {
    DidNotTravel, Held, WentElsewhere, Died, Duplicate, EnteredInError,
});

/// A cohort.
pub(crate) fn cohort(one: &Cohort) -> proto::Cohort {
    proto::Cohort {
        cohort_id: one.cohort_id.to_string(),
        display_name: one.display_name.expose().clone(),
        expected_time: Some(timestamp(one.expected_at)),
        announced_children: one.announced,
        granted_ids: one.granted_ids.iter().map(ToString::to_string).collect(),
        create_time: Some(timestamp(one.created_at)),
        revision: one.revision,
    }
}

/// How a child stands.
pub(crate) fn returnee(one: &Returnee) -> proto::Returnee {
    proto::Returnee {
        returnee_id: one.returnee_id.to_string(),
        cohort_id: one.cohort_id.to_string(),
        person_id: one.person_id.to_string(),
        survivor_id: one.survivor_id.to_string(),
        list_key: one.list_key.expose().clone(),
        state: state(one.state).into(),
        expected_time: Some(timestamp(one.expected_at)),
        region: one.region.clone().unwrap_or_default(),
        not_arrived_reason: one.reason.map_or(0, |why| reason(why).into()),
        announce_time: Some(timestamp(one.announced_at)),
        arrive_time: one.arrived_at.map(timestamp),
        rehabilitate_time: one.rehabilitated_at.map(timestamp),
        settle_time: one.settled_at.map(timestamp),
        monitor_time: one.monitored_at.map(timestamp),
        end_time: one.ended_at.map(timestamp),
        revision: one.revision,
    }
}

fn number(of: usize) -> i32 {
    i32::try_from(of).unwrap_or(i32::MAX)
}

fn table((key, one): &(String, Table)) -> proto::ScoreTable {
    let cell = |(key, children): &(String, i64)| proto::ScoreCell { key: key.clone(), children: *children };
    proto::ScoreTable {
        key: key.clone(),
        cells: one.parts.iter().map(cell).collect(),
        pooled_children: one.pooled,
        pooled_cells: number(one.pooled_parts),
    }
}

/// How the children of a cohort fare.
pub(crate) fn scorecard(at: chrono::DateTime<chrono::Utc>, one: &Score) -> proto::Scorecard {
    let region = |one: &Region| proto::RegionScore {
        region: one.region.clone(),
        children: one.children,
        tables: one.tables.iter().map(table).collect(),
    };
    proto::Scorecard {
        as_of_time: Some(timestamp(at)),
        regions: one.regions.iter().map(region).collect(),
        pooled_children: one.pooled,
        pooled_regions: number(one.pooled_regions),
    }
}
