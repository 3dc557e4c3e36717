//! The API of second opinions.

use helpline_proto::escalation::v1 as proto;
use helpline_proto::escalation::v1::consult_service_server::ConsultService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::consult::{answer_second_opinion, ask_second_opinion, list_second_opinions, wire};

#[tonic::async_trait]
impl ConsultService for Api {
    async fn ask_second_opinion(
        &self,
        request: Request<proto::AskSecondOpinionRequest>,
    ) -> Result<Response<proto::AskSecondOpinionResponse>, Status> {
        let caller = caller_of(&request)?;
        let ask = wire::ask(&self.ctx, &caller, request.get_ref())?;
        let opinion = ask_second_opinion(&self.ctx, &caller, ask).await?;
        Ok(Response::new(proto::AskSecondOpinionResponse { opinion: Some(wire::to_message(&opinion)) }))
    }

    async fn answer_second_opinion(
        &self,
        request: Request<proto::AnswerSecondOpinionRequest>,
    ) -> Result<Response<proto::AnswerSecondOpinionResponse>, Status> {
        let caller = caller_of(&request)?;
        let answer = wire::answer(&self.ctx, &caller, request.get_ref())?;
        let opinion = answer_second_opinion(&self.ctx, &caller, answer).await?;
        Ok(Response::new(proto::AnswerSecondOpinionResponse { opinion: Some(wire::to_message(&opinion)) }))
    }

    async fn list_second_opinions(
        &self,
        request: Request<proto::ListSecondOpinionsRequest>,
    ) -> Result<Response<proto::ListSecondOpinionsResponse>, Status> {
        let caller = caller_of(&request)?;
        let request = request.into_inner();
        let (size, tokens) = wire::list(&self.ctx, &caller, &request)?;
        let after = tokens.open(&request.page_token)?;
        let (found, next) = list_second_opinions(&self.ctx, &caller, request.open_only, after, size).await?;
        Ok(Response::new(proto::ListSecondOpinionsResponse {
            opinions: found.iter().map(wire::to_message).collect(),
            next_page_token: tokens.seal(next.as_ref())?,
        }))
    }
}
