//! Whether somebody is on call wherever the plan for emergencies counts on somebody, before it is needed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use helpline_domain::alert::{AlertKind, Subject};
use helpline_domain::escalation::on_call::unattended;
use helpline_domain::id::CentreId;
use helpline_store::{Store, StoreError};

/// Between two looks, by the database's clock.
const EVERY_MS: i64 = 30_000;

/// What was found at the last look at each centre, and when that was.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<HashMap<CentreId, (i64, BTreeSet<String>)>>);

impl Watch {
    /// What nobody is on call for, at most so long ago as looks lie apart.
    pub(super) async fn unattended(
        &self,
        store: &Store,
        centre: CentreId,
        now_ms: i64,
    ) -> Result<Vec<(AlertKind, Subject)>, StoreError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&centre).cloned();
        let keys = match known {
            Some((at_ms, keys)) if (at_ms..at_ms + EVERY_MS).contains(&now_ms) => keys,
            _ => {
                let found = look(store, centre, now_ms).await?;
                let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                looks.insert(centre, (now_ms, found.clone()));
                found
            }
        };
        Ok(keys.into_iter().map(|key| (AlertKind::NobodyOnCall, Subject::OnCall(key))).collect())
    }
}

async fn look(store: &Store, centre: CentreId, now_ms: i64) -> Result<BTreeSet<String>, StoreError> {
    let now = DateTime::<Utc>::from_timestamp_millis(now_ms).unwrap_or_default();
    let plan = store.plan_in_force(centre).await?.plan;
    // Most plans count on nobody in particular: nothing more is read then.
    if unattended(&plan, &[], &BTreeSet::new(), now).is_empty() {
        return Ok(BTreeSet::new());
    }
    let stand_ins = store.stand_ins_from(centre, now).await?;
    let known = store.known_to_plans(centre).await?;
    Ok(unattended(&plan, &stand_ins, &known.counsellors, now))
}
