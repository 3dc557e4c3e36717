//! `helpline.intake.v1.MessageService`.

use std::pin::Pin;

use futures_util::{Stream, StreamExt as _};
use helpline_proto::intake::v1::message_service_server::MessageService;
use helpline_proto::intake::v1::{
    SendMessageRequest, SendMessageResponse, WatchMessagesRequest, WatchMessagesResponse,
};
use helpline_service_kit::Ctx;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::{send_message, watch_messages, wire};

/// The message service of a process.
#[derive(Clone, Debug)]
pub struct MessageApi {
    ctx: Ctx,
}

impl MessageApi {
    /// The service over these means.
    pub fn new(ctx: Ctx) -> Self {
        Self { ctx }
    }
}

#[tonic::async_trait]
impl MessageService for MessageApi {
    async fn send_message(
        &self,
        request: Request<SendMessageRequest>,
    ) -> Result<Response<SendMessageResponse>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::read_send(&self.ctx, &caller, request.get_ref())?;
        let message = send_message(&self.ctx, &caller, command).await?;
        Ok(Response::new(SendMessageResponse { message: Some(wire::message(&message)) }))
    }

    type WatchMessagesStream = Pin<Box<dyn Stream<Item = Result<WatchMessagesResponse, Status>> + Send>>;

    async fn watch_messages(
        &self,
        request: Request<WatchMessagesRequest>,
    ) -> Result<Response<Self::WatchMessagesStream>, Status> {
        let caller = caller_of(&request)?;
        let command = wire::read_watch(request.get_ref())?;
        let stream = watch_messages(&self.ctx, &caller, command).await?;
        let answers = stream.map(|item| item.map(|watched| wire::watched(&watched)).map_err(Status::from));
        Ok(Response::new(Box::pin(answers)))
    }
}
