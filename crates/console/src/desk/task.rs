//! What an agency is to do under the referral that is visited, and its answers.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use helpline_proto::casework::v1::task_service_client::TaskServiceClient;
use helpline_proto::casework::v1::{
    AnswerTaskRequest, CompleteTaskRequest, GetTaskRequest, ListTasksRequest, Task,
};
use helpline_vault::BearerToken;
use tonic::{Code, Status};

use super::{Desk, asking};

/// Tasks on a page.
const TASKS: i32 = 500;
/// Tasks that are asked for at the same time.
const AT_ONCE: usize = 8;

/// What is answered.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Answer {
    pub(crate) task_id: String,
    pub(crate) step: Step,
    pub(crate) remark: String,
}

/// What is done by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    Accept,
    Decline,
    Complete,
}

impl Desk {
    /// The tasks that the visit shows: first what is still to be done, with its note, which a list does not tell.
    pub(super) async fn tasks(&self, visit: &BearerToken) -> Result<Vec<Task>, Status> {
        let list = asking(visit, ListTasksRequest { page_size: TASKS, ..ListTasksRequest::default() })?;
        let found = TaskServiceClient::new(self.0.clone()).list_tasks(list).await?.into_inner().tasks;
        let (open, ended): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.end_time.is_none());
        let open = stream::iter(open).map(|one| self.task(visit, one.task_id)).buffered(AT_ONCE);
        let open: Vec<Option<Task>> = open.try_collect().await?;
        Ok(open.into_iter().flatten().chain(ended).collect())
    }

    /// A task; `None` if it was taken from the agency since it was listed.
    async fn task(&self, visit: &BearerToken, task_id: String) -> Result<Option<Task>, Status> {
        let get = asking(visit, GetTaskRequest { task_id })?;
        match TaskServiceClient::new(self.0.clone()).get_task(get).await {
            Ok(found) => Ok(found.into_inner().task),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(status),
        }
    }

    pub(super) async fn answer_task(
        &self,
        visit: &BearerToken,
        request_id: String,
        Answer { task_id, step, remark }: Answer,
    ) -> Result<(), Status> {
        let mut client = TaskServiceClient::new(self.0.clone());
        if step == Step::Complete {
            let request = CompleteTaskRequest { request_id, task_id, remark };
            return client.complete_task(asking(visit, request)?).await.map(drop);
        }
        let request = AnswerTaskRequest { request_id, task_id, accept: step == Step::Accept, remark };
        client.answer_task(asking(visit, request)?).await.map(drop)
    }
}
