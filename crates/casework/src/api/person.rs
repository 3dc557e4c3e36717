//! The API of persons.

use helpline_proto::casework::v1 as proto;
use helpline_proto::casework::v1::person_service_server::PersonService;
use helpline_service_kit::caller::caller_of;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::wire::people as wire;
use crate::{merge, person};

#[tonic::async_trait]
impl PersonService for Api {
    async fn record_person(
        &self,
        request: Request<proto::RecordPersonRequest>,
    ) -> Result<Response<proto::RecordPersonResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, profile)) = wire::record(&self.ctx, &caller, request.get_ref())?;
        let one = person::record(&self.ctx, &caller, &command, (id, &profile)).await?;
        let person = Some(wire::person(&caller, &one)?);
        Ok(Response::new(proto::RecordPersonResponse { person }))
    }

    async fn revise_person(
        &self,
        request: Request<proto::RevisePersonRequest>,
    ) -> Result<Response<proto::RevisePersonResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, profile, expected)) = wire::revise(&self.ctx, &caller, request.get_ref())?;
        let one = person::revise(&self.ctx, &caller, &command, (id, &profile, expected)).await?;
        let person = Some(wire::person(&caller, &one)?);
        Ok(Response::new(proto::RevisePersonResponse { person }))
    }

    async fn link_persons(
        &self,
        request: Request<proto::LinkPersonsRequest>,
    ) -> Result<Response<proto::LinkPersonsResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, asked) = wire::new_link(&self.ctx, &caller, request.get_ref())?;
        let one = person::link(&self.ctx, &caller, &command, &asked).await?;
        let link = Some(wire::link(&caller, &one));
        Ok(Response::new(proto::LinkPersonsResponse { link }))
    }

    async fn end_person_link(
        &self,
        request: Request<proto::EndPersonLinkRequest>,
    ) -> Result<Response<proto::EndPersonLinkResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, asked) = wire::end_link(&self.ctx, &caller, request.get_ref())?;
        let one = person::end_link(&self.ctx, &caller, &command, asked).await?;
        let link = Some(wire::link(&caller, &one));
        Ok(Response::new(proto::EndPersonLinkResponse { link }))
    }

    async fn ask_merge(
        &self,
        request: Request<proto::AskMergeRequest>,
    ) -> Result<Response<proto::AskMergeResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, two, reason)) = wire::ask_merge(&self.ctx, &caller, request.get_ref())?;
        let one = merge::ask(&self.ctx, &caller, &command, (id, two, &reason)).await?;
        let merge = Some(wire::merge(&one));
        Ok(Response::new(proto::AskMergeResponse { merge }))
    }

    async fn answer_merge(
        &self,
        request: Request<proto::AnswerMergeRequest>,
    ) -> Result<Response<proto::AnswerMergeResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, asked) = wire::answer_merge(&self.ctx, &caller, request.get_ref())?;
        let one = merge::answer(&self.ctx, &caller, &command, asked).await?;
        let merge = Some(wire::merge(&one));
        Ok(Response::new(proto::AnswerMergeResponse { merge }))
    }

    async fn undo_merge(
        &self,
        request: Request<proto::UndoMergeRequest>,
    ) -> Result<Response<proto::UndoMergeResponse>, Status> {
        let caller = caller_of(&request)?;
        let (command, (id, reason)) = wire::undo_merge(&self.ctx, &caller, request.get_ref())?;
        let one = merge::undo(&self.ctx, &caller, &command, (id, &reason)).await?;
        let merge = Some(wire::merge(&one));
        Ok(Response::new(proto::UndoMergeResponse { merge }))
    }

    async fn get_person(
        &self,
        request: Request<proto::GetPersonRequest>,
    ) -> Result<Response<proto::GetPersonResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::person_id(&request.get_ref().person_id)?;
        let (one, others, links) = person::get(&self.ctx, &caller, id).await?;
        let person = Some(wire::whole(&caller, &one, (&others, &links))?);
        Ok(Response::new(proto::GetPersonResponse { person }))
    }

    async fn get_merge(
        &self,
        request: Request<proto::GetMergeRequest>,
    ) -> Result<Response<proto::GetMergeResponse>, Status> {
        let caller = caller_of(&request)?;
        let id = wire::merge_id(&request.get_ref().merge_id)?;
        let merge = Some(wire::merge(&merge::load(&self.ctx, &caller, id).await?));
        Ok(Response::new(proto::GetMergeResponse { merge }))
    }

    async fn find_persons(
        &self,
        request: Request<proto::FindPersonsRequest>,
    ) -> Result<Response<proto::FindPersonsResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::find_pages(&self.ctx, &caller, request.get_ref());
        let ((kind, value), page) = wire::find(&pages, request.get_ref())?;
        let (found, next) = person::find(&self.ctx, &caller, (kind, &value), page).await?;
        let asked = request.get_ref().identifier.as_ref();
        let people = found
            .iter()
            .map(|(one, sees)| wire::found(&caller, one, *sees, asked))
            .collect::<Result<_, _>>()?;
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::FindPersonsResponse { people, next_page_token }))
    }

    async fn list_merges(
        &self,
        request: Request<proto::ListMergesRequest>,
    ) -> Result<Response<proto::ListMergesResponse>, Status> {
        let caller = caller_of(&request)?;
        let pages = wire::merge_pages(&self.ctx, &caller, request.get_ref());
        let (filter, page) = wire::merges(&pages, request.get_ref())?;
        let (found, next) = merge::list(&self.ctx, &caller, filter, page).await?;
        let merges = found.iter().map(wire::merge).collect();
        let next_page_token = pages.seal(next.as_ref())?;
        Ok(Response::new(proto::ListMergesResponse { merges, next_page_token }))
    }
}
