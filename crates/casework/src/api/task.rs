//! The API of tasks and plans.

use helpline_proto::casework::v1 as proto;
use helpline_proto::casework::v1::task_service_server::TaskService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::wire::tasks as wire;
use crate::{plan, task};

#[tonic::async_trait]
impl TaskService for Api {
    async fn add_task(
        &self,
        request: Request<proto::AddTaskRequest>,
    ) -> Result<Response<proto::AddTaskResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (new, to)) = wire::add(&self.ctx, &caller, request.get_ref())?;
        let one = task::add(&self.ctx, &caller, &command, (&new, to)).await?;
        let task = Some(wire::task(&caller, &one));
        Ok(Response::new(proto::AddTaskResponse { task }))
    }

    async fn answer_task(
        &self,
        request: Request<proto::AnswerTaskRequest>,
    ) -> Result<Response<proto::AnswerTaskResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = wire::answer(&self.ctx, &caller, request.get_ref())?;
        let one = task::answer(&self.ctx, &caller, (&command, &act), request.get_ref().accept).await?;
        // Who has given it back may not know of it any more.
        let gone = || proto::Task { task_id: act.task_id.to_string(), ..proto::Task::default() };
        let task = Some(one.as_ref().map_or_else(gone, |one| wire::task(&caller, one)));
        Ok(Response::new(proto::AnswerTaskResponse { task }))
    }

    async fn hand_task(
        &self,
        request: Request<proto::HandTaskRequest>,
    ) -> Result<Response<proto::HandTaskResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act, hands) = wire::hand(&self.ctx, &caller, request.get_ref())?;
        let one = task::hand(&self.ctx, &caller, (&command, &act), hands).await?;
        let task = Some(wire::task(&caller, &one));
        Ok(Response::new(proto::HandTaskResponse { task }))
    }

    async fn complete_task(
        &self,
        request: Request<proto::CompleteTaskRequest>,
    ) -> Result<Response<proto::CompleteTaskResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = wire::complete(&self.ctx, &caller, request.get_ref())?;
        let one = task::complete(&self.ctx, &caller, (&command, &act)).await?;
        let task = Some(wire::task(&caller, &one));
        Ok(Response::new(proto::CompleteTaskResponse { task }))
    }

    async fn cancel_task(
        &self,
        request: Request<proto::CancelTaskRequest>,
    ) -> Result<Response<proto::CancelTaskResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, act) = wire::cancel(&self.ctx, &caller, request.get_ref())?;
        let one = task::cancel(&self.ctx, &caller, (&command, &act)).await?;
        let task = Some(wire::task(&caller, &one));
        Ok(Response::new(proto::CancelTaskResponse { task }))
    }

    async fn start_plan(
        &self,
        request: Request<proto::StartPlanRequest>,
    ) -> Result<Response<proto::StartPlanResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, new) = wire::start(&self.ctx, &caller, request.get_ref())?;
        let found = plan::start(&self.ctx, &caller, &command, new).await?;
        let tasks = found.iter().map(|one| wire::task(&caller, one)).collect();
        Ok(Response::new(proto::StartPlanResponse { tasks }))
    }

    async fn get_task(
        &self,
        request: Request<proto::GetTaskRequest>,
    ) -> Result<Response<proto::GetTaskResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::task_id(&request.get_ref().task_id)?;
        let task = Some(wire::task(&caller, &task::read(&self.ctx, &caller, id).await?));
        Ok(Response::new(proto::GetTaskResponse { task }))
    }

    async fn list_tasks(
        &self,
        request: Request<proto::ListTasksRequest>,
    ) -> Result<Response<proto::ListTasksResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::list_pages(&self.ctx, &caller, request.get_ref());
        let (filter, page) = wire::list(&pages, request.get_ref())?;
        let (found, next) = task::list(&self.ctx, &caller, filter, page).await?;
        let tasks = found.iter().map(|one| wire::task(&caller, one)).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListTasksResponse { tasks, next_page_token }))
    }
}
