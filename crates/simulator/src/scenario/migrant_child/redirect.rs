//! The case of one child is handed to the organisation as a whole.

use anyhow::Result;
use helpline_proto::casework::v1::{
    AskRedirectRequest, BeginRedirectRequest, DecideRedirectRequest, GetRedirectRequest, RedirectDecision,
    RedirectState,
};

use super::Alone;
use crate::scenario::cast::{does, given};
use crate::scenario::stage::Stage;

/// The organisation is asked for all of it, by the referral that asks for a place.
pub(super) async fn asked(stage: &Stage<'_>, of: &Alone) -> Result<()> {
    let request = BeginRedirectRequest { request_id: stage.id(), case_id: of.case.case_id.clone() };
    let redirect_id = given!(does!(of.by, redirects.begin_redirect, request), redirect).redirect_id;
    let request = DecideRedirectRequest {
        request_id: stage.id(),
        redirect_id: redirect_id.clone(),
        decision: RedirectDecision::TemporaryCare.into(),
    };
    does!(of.by, redirects.decide_redirect, request);
    let referral_id = of.referral.referral_id.clone();
    let request = AskRedirectRequest { request_id: stage.id(), redirect_id, referral_id };
    does!(of.by, redirects.ask_redirect, request);
    Ok(())
}

/// It has taken the case on: whoever sent the child is told, and the case is closed here.
pub(super) async fn closed(stage: &Stage<'_>, of: &Alone) -> Result<()> {
    stage
        .until("the case is taken on", async || {
            let request = GetRedirectRequest { case_id: of.case.case_id.clone() };
            let now = given!(does!(of.by, redirects.get_redirect, request), redirect);
            Ok((now.state() == RedirectState::Accepted).then_some(()))
        })
        .await?;
    for task in stage.tasks(&of.by, &of.case).await? {
        stage.done(&of.by, &task).await?;
    }
    stage.goes_on(&of.by, &of.case, "closed", "redirected").await?;
    stage.tell(
        &of.by,
        "tells the school that sent the child who looks after it now, and closes the case as redirected",
    );
    Ok(())
}
