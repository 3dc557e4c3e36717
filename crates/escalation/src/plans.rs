//! The plans that escalations follow: a version never changes, so each is read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use helpline_domain::escalation::plan::Plan;
use helpline_domain::id::CentreId;
use helpline_service_kit::Refusal;
use helpline_store::Store;

/// Versions kept at most; beyond that all are read again.
const MOST: usize = 1000;

/// A version of a plan.
type Version = (CentreId, i64);

/// The plans read so far. A clone is the same memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plans(Arc<Mutex<HashMap<Version, Arc<Plan>>>>);

impl Plans {
    /// A version of the plan of a centre. Error: INTERNAL when there is no such version.
    pub(crate) async fn version(
        &self,
        store: &Store,
        centre: CentreId,
        version: i64,
    ) -> Result<Arc<Plan>, Refusal> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(centre, version)).cloned();
        if let Some(plan) = known {
            return Ok(plan);
        }
        let found = store.escalation_plan(centre, version).await?;
        let plan = Arc::new(found.ok_or_else(|| Refusal::bug("an escalation follows no plan"))?.plan);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert((centre, version), Arc::clone(&plan));
        Ok(plan)
    }
}
