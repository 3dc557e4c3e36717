//! Children are announced before they arrive.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use helpline_domain::caller::Caller;
use helpline_domain::id::{CohortId, PersonId};
use helpline_service_kit::command::outcome;
use helpline_service_kit::error::Violation;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::Command;
use helpline_store::casework::person::Profile;
use helpline_store::reintegration::announce::{NewReturnee, Siblings};
use helpline_store::reintegration::read::Returnee;
use helpline_vault::Sensitive;
use uuid::Uuid;

use crate::act::{cohort, committed, is_near};

/// A child as the caller announces them.
pub(crate) struct Announced {
    pub(crate) list_key: Sensitive<String>,
    pub(crate) family_key: Sensitive<String>,
    pub(crate) profile: Profile,
    pub(crate) expected_at: Option<DateTime<Utc>>,
}

/// Over how long the records of those who are announced together are spread.
const SPREAD: TimeDelta = TimeDelta::days(30);

/// Announces children, all of them or none. Errors: NOT_FOUND, INVALID_FIELD for a time far off and for a key of the list that the cohort
/// has, REQUEST_ID_REUSED.
pub(crate) async fn announce(
    ctx: &Ctx,
    caller: &Caller,
    command: &Command,
    (id, announced): (CohortId, &[Announced]),
) -> Result<Vec<Returnee>, Refusal> {
    let now = ctx.store.now().await?;
    for (place, one) in announced.iter().enumerate() {
        let path = || format!("children[{place}].expected_time");
        one.expected_at.map_or(Ok(()), |at| is_near(path, at, now))?;
    }
    let children = spread(ctx, announced, now);
    let siblings = siblings(ctx, announced, &children, now);
    let change = ctx.store.announce_returnees(command, id, (&children, &siblings)).await?;
    let why = async {
        cohort(ctx, caller, id).await?;
        let known = ctx.store.announced_before(caller.centre_id, id, &children).await?;
        let violation = |place: usize| Violation {
            field: format!("children[{place}].list_key"),
            expected: "a key under which nobody of the cohort was announced".to_owned(),
        };
        let violations: Vec<_> = known.into_iter().map(violation).collect();
        Ok(if violations.is_empty() { Refusal::race_lost() } else { Refusal::invalid_fields(violations) })
    };
    outcome(committed(change), |id| std::future::ready(Ok(id)), why).await?;
    // Who was announced by it: a repeat answers with the same.
    let keys: Vec<_> = children.into_iter().map(|one| one.list_key).collect();
    let settings = ctx.settings.current(caller.centre_id).await?;
    let plan = settings.settings.reintegration.plan.as_str();
    Ok(ctx.store.returnees_by_key(caller, plan, (id, &keys)).await?)
}

/// Records whose times do not tell that they were made together: whoever reads two of them cannot know it. Ids of persons tell no time.
fn spread(ctx: &Ctx, announced: &[Announced], now: DateTime<Utc>) -> Vec<NewReturnee> {
    let child = |one: &Announced| {
        let back = chance(ctx, SPREAD);
        NewReturnee {
            returnee_id: ctx.ids.v7().into(),
            person_id: PersonId::from(ctx.ids.v4()),
            recorded_at: now - back,
            list_key: one.list_key.clone(),
            profile: one.profile.clone(),
            expected_at: one.expected_at,
        }
    };
    announced.iter().map(child).collect()
}

/// Some time up to so long, to the microsecond: records that share what is below a millisecond belong together as well.
fn chance(ctx: &Ctx, most: TimeDelta) -> TimeDelta {
    let most = most.num_microseconds().and_then(|most| u64::try_from(most).ok()).unwrap_or_default().max(1);
    let some = ctx.ids.v4().as_u64_pair().1.checked_rem(most).unwrap_or_default();
    TimeDelta::microseconds(i64::try_from(some).unwrap_or_default())
}

/// An id that sorts as if it had been made so much earlier: its first 48 bits are milliseconds.
fn earlier(id: Uuid, back: TimeDelta) -> Uuid {
    const REST: u32 = 80;
    let millis = id.as_u128() >> REST;
    let back = u128::try_from(back.num_milliseconds()).unwrap_or_default();
    let rest = id.as_u128() & ((1 << REST) - 1);
    Uuid::from_u128((millis.saturating_sub(back) << REST) | rest)
}

/// Every two of a family, linked within the hour after the later record: families of one announcement are not linked at one instant.
fn siblings(
    ctx: &Ctx,
    announced: &[Announced],
    children: &[NewReturnee],
    now: DateTime<Utc>,
) -> Vec<Siblings> {
    let mut families: BTreeMap<&str, Vec<&NewReturnee>> = BTreeMap::new();
    for (one, child) in announced.iter().zip(children) {
        let family = one.family_key.expose().as_str();
        if !family.is_empty() {
            families.entry(family).or_default().push(child);
        }
    }
    let linked = |one: &NewReturnee, other: &NewReturnee| {
        let recorded = now - one.recorded_at.max(other.recorded_at);
        let back = recorded - chance(ctx, recorded.min(TimeDelta::hours(1)));
        Siblings {
            link_id: earlier(ctx.ids.v7(), back),
            person_id: one.person_id,
            relative_id: other.person_id,
            from_at: now - back,
        }
    };
    let pairs = |family: Vec<&NewReturnee>| {
        let two = |(place, one): (usize, &&NewReturnee)| {
            let rest = family.iter().skip(place.saturating_add(1));
            rest.map(|other| linked(one, other)).collect::<Vec<_>>()
        };
        family.iter().enumerate().flat_map(two).collect::<Vec<_>>()
    };
    families.into_values().flat_map(pairs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_older_is_still_an_id_of_its_version() {
        let id: Uuid = "019ac123-4567-7abc-8def-0123456789ab".parse().unwrap();
        let older = earlier(id, TimeDelta::milliseconds(0x67));
        assert_eq!(older.to_string(), "019ac123-4500-7abc-8def-0123456789ab");
        assert_eq!(older.get_version_num(), 7);
    }
}
