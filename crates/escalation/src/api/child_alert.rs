//! The API of missing-child alerts.

use helpline_proto::escalation::v1 as proto;
use helpline_proto::escalation::v1::child_alert_service_server::ChildAlertService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::child_alert::message::to_message;
use crate::child_alert::{acknowledge, approve, ask, cancel, decline, look, wire};

#[tonic::async_trait]
impl ChildAlertService for Api {
    async fn ask_child_alert(
        &self,
        request: Request<proto::AskChildAlertRequest>,
    ) -> Result<Response<proto::AskChildAlertResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::ask(&self.ctx, &caller, request.get_ref())?;
        let asked = ask(&self.ctx, &caller, &command, &new).await?;
        Ok(Response::new(proto::AskChildAlertResponse { alert: Some(to_message(&caller, &asked)) }))
    }

    async fn ask_child_alert_update(
        &self,
        request: Request<proto::AskChildAlertUpdateRequest>,
    ) -> Result<Response<proto::AskChildAlertUpdateResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::ask_update(&self.ctx, &caller, request.get_ref())?;
        let asked = ask(&self.ctx, &caller, &command, &new).await?;
        Ok(Response::new(proto::AskChildAlertUpdateResponse { alert: Some(to_message(&caller, &asked)) }))
    }

    async fn approve_child_alert(
        &self,
        request: Request<proto::ApproveChildAlertRequest>,
    ) -> Result<Response<proto::ApproveChildAlertResponse>, Status> {
        let caller = caller_of(&request)?;
        let sent = request.get_ref();
        let ids = (sent.request_id.as_str(), sent.alert_id.as_str());
        let (command, id) = wire::plain(&self.ctx, &caller, "ApproveChildAlert", sent, ids)?;
        let issued = approve(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(proto::ApproveChildAlertResponse { alert: Some(to_message(&caller, &issued)) }))
    }

    async fn decline_child_alert(
        &self,
        request: Request<proto::DeclineChildAlertRequest>,
    ) -> Result<Response<proto::DeclineChildAlertResponse>, Status> {
        let caller = caller_of(&request)?;
        let sent = request.get_ref();
        let ids = (sent.request_id.as_str(), sent.alert_id.as_str());
        let (command, id) = wire::plain(&self.ctx, &caller, "DeclineChildAlert", sent, ids)?;
        let declined = decline(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(proto::DeclineChildAlertResponse { alert: Some(to_message(&caller, &declined)) }))
    }

    async fn cancel_child_alert(
        &self,
        request: Request<proto::CancelChildAlertRequest>,
    ) -> Result<Response<proto::CancelChildAlertResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, id, reason) = wire::cancel(&self.ctx, &caller, request.get_ref())?;
        let cancelled = cancel(&self.ctx, &caller, &command, id, reason).await?;
        Ok(Response::new(proto::CancelChildAlertResponse { alert: Some(to_message(&caller, &cancelled)) }))
    }

    async fn acknowledge_child_alert(
        &self,
        request: Request<proto::AcknowledgeChildAlertRequest>,
    ) -> Result<Response<proto::AcknowledgeChildAlertResponse>, Status> {
        let caller = caller_of(&request)?;
        let sent = request.get_ref();
        let ids = (sent.request_id.as_str(), sent.alert_id.as_str());
        let (command, id) = wire::plain(&self.ctx, &caller, "AcknowledgeChildAlert", sent, ids)?;
        let known = acknowledge(&self.ctx, &caller, &command, id).await?;
        Ok(Response::new(proto::AcknowledgeChildAlertResponse { alert: Some(to_message(&caller, &known)) }))
    }

    async fn get_child_alert(
        &self,
        request: Request<proto::GetChildAlertRequest>,
    ) -> Result<Response<proto::GetChildAlertResponse>, Status> {
        let caller = caller_of(&request)?;
        let found = look::load(&self.ctx, &caller, wire::get(request.get_ref())?).await?;
        Ok(Response::new(proto::GetChildAlertResponse { alert: Some(to_message(&caller, &found)) }))
    }

    async fn list_child_alerts(
        &self,
        request: Request<proto::ListChildAlertsRequest>,
    ) -> Result<Response<proto::ListChildAlertsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::list_pages(&self.ctx, &caller, request.get_ref());
        let (filter, page) = wire::list(&pages, request.get_ref())?;
        let (found, next) = look::list(&self.ctx, &caller, filter, page).await?;
        Ok(Response::new(proto::ListChildAlertsResponse {
            alerts: found.iter().map(|one| to_message(&caller, one)).collect(),
            next_page_token: pages.seal(next.as_ref())?,
        }))
    }

    async fn get_child_alert_document(
        &self,
        request: Request<proto::GetChildAlertDocumentRequest>,
    ) -> Result<Response<proto::GetChildAlertDocumentResponse>, Status> {
        let caller = caller_of(&request)?;
        let (id, acknowledged_by) = wire::document(request.get_ref())?;
        let document = look::document(&self.ctx, &caller, id, acknowledged_by).await?;
        Ok(Response::new(proto::GetChildAlertDocumentResponse { document }))
    }
}
