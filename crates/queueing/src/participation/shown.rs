//! What a stream of offers has shown of participations: the counsellor's own, and those of others in their contacts.

use std::collections::HashMap;

use helpline_domain::caller::Caller;
use helpline_domain::id::{CounsellorId, ParticipationId};
use helpline_domain::participation::ParticipationState;
use helpline_domain::risk::Risk;
use helpline_proto::queueing::v1 as proto;
use helpline_service_kit::wire::{participation, shown_to};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::participation::Participation;
use uuid::Uuid;

/// What makes a participation worth showing again.
type Looks = (ParticipationState, Risk, Option<CounsellorId>);

/// What the client believes to be going on.
#[derive(Debug, Default)]
pub(crate) struct Shown(HashMap<ParticipationId, Option<Looks>>);

impl Shown {
    /// Where a stream resumes: these were going on.
    pub(crate) fn resume(ids: Vec<Uuid>) -> Self {
        Self(ids.into_iter().map(|id| (ParticipationId::from(id), None)).collect())
    }

    /// What goes on, for a cursor.
    pub(crate) fn ids(&self) -> Vec<Uuid> {
        self.0.keys().map(ParticipationId::as_uuid).collect()
    }

    /// Whether anything goes on.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares what was shown with what is; returns the difference.
    pub(crate) async fn look(
        &mut self,
        ctx: &Ctx,
        caller: &Caller,
        counsellor: CounsellorId,
    ) -> Result<Vec<proto::Participation>, Refusal> {
        let centre = caller.centre_id;
        let live = ctx.store.participations_concerning(centre, counsellor).await?;
        let mut news = Vec::new();
        let over: Vec<ParticipationId> =
            self.0.keys().filter(|id| live.iter().all(|one| one.participation_id != **id)).copied().collect();
        for id in over {
            self.0.remove(&id);
            if let Some(ended) = ctx.store.participation(centre, id).await? {
                news.push(as_shown(caller, &ended));
            }
        }
        for one in &live {
            let looks = (one.state, one.risk, one.owner_id);
            if self.0.insert(one.participation_id, Some(looks)).flatten() != Some(looks) {
                news.push(as_shown(caller, one));
            }
        }
        Ok(news)
    }
}

fn as_shown(caller: &Caller, one: &Participation) -> proto::Participation {
    participation(one, shown_to(caller, one).unwrap_or_default())
}
