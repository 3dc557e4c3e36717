//! Counsellors.

use helpline_domain::caller::Caller;
use helpline_domain::counsellor::{Abilities, Capacity};
use helpline_domain::id::CounsellorId;
use helpline_proto::directory::v1::{
    Capacity as CapacityMessage, Counsellor as Message, CreateCounsellorRequest, DisableCounsellorRequest,
    ListCounsellorsRequest, ListCounsellorsResponse, UpdateCounsellorRequest,
};
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{read_skills, skills, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::counsellor::Counsellor;

use crate::create_counsellor::CreateCounsellor;
use crate::disable_counsellor::DisableCounsellor;
use crate::list_counsellors::{CounsellorPage, ListCounsellors};
use crate::update_counsellor::UpdateCounsellor;

const LONGEST_NAME: usize = 200;
const MOST_LANGUAGES: usize = 20;
const MOST_SKILLS: usize = 40;

/// A counsellor as its message.
pub(crate) fn to_message(counsellor: Counsellor) -> Message {
    let abilities = counsellor.abilities;
    Message {
        counsellor_id: counsellor.counsellor_id.to_string(),
        display_name: counsellor.display_name,
        skills: skills(&abilities.skills),
        languages: abilities.languages,
        capacity: Some(CapacityMessage {
            voice: i32::from(abilities.capacity.voice),
            chats: i32::from(abilities.capacity.chat),
            messages: i32::from(abilities.capacity.message),
        }),
        disabled: counsellor.disabled_at.is_some(),
        create_time: Some(timestamp(counsellor.created_at)),
        revision: counsellor.revision,
    }
}

/// The id of a counsellor, sent alone.
pub(crate) fn id(counsellor_id: &str) -> Result<CounsellorId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("counsellor_id", counsellor_id);
    fields.build(id)
}

pub(crate) fn create(
    ctx: &Ctx,
    caller: &Caller,
    request: &CreateCounsellorRequest,
) -> Result<CreateCounsellor, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let counsellor = fields.required("counsellor", request.counsellor.as_ref());
    let person =
        counsellor.and_then(|counsellor| fields.within("counsellor", |fields| person(fields, counsellor)));
    fields.build((|| {
        let (display_name, abilities) = person?;
        let command = command(ctx, caller, "CreateCounsellor", request_id?, request);
        Some(CreateCounsellor { command, display_name, abilities })
    })())
}

pub(crate) fn update(
    ctx: &Ctx,
    caller: &Caller,
    request: &UpdateCounsellorRequest,
) -> Result<UpdateCounsellor, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let expected_revision = fields.expected_revision("expected_revision", request.expected_revision);
    let counsellor = fields.required("counsellor", request.counsellor.as_ref());
    let read = counsellor.and_then(|counsellor| {
        fields.within("counsellor", |fields| {
            let id = fields.id("counsellor_id", &counsellor.counsellor_id);
            let person = person(fields, counsellor);
            Some((id?, person?))
        })
    });
    fields.build((|| {
        let (counsellor_id, (display_name, abilities)) = read?;
        Some(UpdateCounsellor {
            command: command(ctx, caller, "UpdateCounsellor", request_id?, request),
            counsellor_id,
            display_name,
            abilities,
            expected_revision: expected_revision?,
        })
    })())
}

pub(crate) fn disable(
    ctx: &Ctx,
    caller: &Caller,
    request: &DisableCounsellorRequest,
) -> Result<DisableCounsellor, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let counsellor_id = fields.id("counsellor_id", &request.counsellor_id);
    fields.build((|| {
        let command = command(ctx, caller, "DisableCounsellor", request_id?, request);
        Some(DisableCounsellor { command, counsellor_id: counsellor_id? })
    })())
}

pub(crate) fn list(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListCounsellorsRequest,
) -> Result<ListCounsellors, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let size = fields.build(size)?;
    let after = tokens(ctx, caller, request).open(&request.page_token)?;
    Ok(ListCounsellors { include_disabled: request.include_disabled, after, size })
}

/// The answer that is a page.
pub(crate) fn page(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListCounsellorsRequest,
    page: CounsellorPage,
) -> Result<ListCounsellorsResponse, Refusal> {
    Ok(ListCounsellorsResponse {
        counsellors: page.counsellors.into_iter().map(to_message).collect(),
        next_page_token: tokens(ctx, caller, request).seal(page.next.as_ref())?,
    })
}

fn tokens<'a>(ctx: &'a Ctx, caller: &Caller, request: &ListCounsellorsRequest) -> PageTokens<'a> {
    let question = ListCounsellorsRequest {
        include_disabled: request.include_disabled,
        ..ListCounsellorsRequest::default()
    };
    PageTokens::new(ctx.vault(), "ListCounsellors", caller, &question)
}

/// What an administrator decides of a counsellor: name and abilities.
fn person(fields: &mut Fields, counsellor: &Message) -> Option<(String, Abilities)> {
    let display_name = fields.line("display_name", &counsellor.display_name, 1..=LONGEST_NAME);
    let languages = languages(fields, &counsellor.languages);
    let skills = read_skills(fields, "skills", &counsellor.skills);
    if counsellor.skills.len() > MOST_SKILLS {
        fields.refuse("skills", format!("at most {MOST_SKILLS} entries"));
    }
    let capacity = fields
        .required("capacity", counsellor.capacity.as_ref())
        .and_then(|capacity| fields.within("capacity", |fields| read_capacity(fields, capacity)));
    let abilities =
        Abilities { languages: languages?, interpreted: Vec::new(), skills: skills?, capacity: capacity? };
    Some((display_name?, abilities))
}

fn languages(fields: &mut Fields, tags: &[String]) -> Option<Vec<String>> {
    if tags.is_empty() || tags.len() > MOST_LANGUAGES {
        fields.refuse("languages", format!("from 1 to {MOST_LANGUAGES} entries"));
        return None;
    }
    let read: Vec<_> = tags
        .iter()
        .enumerate()
        .map(|(index, tag)| {
            let path = format!("languages[{index}]");
            let language = fields.language(&path, tag)?;
            if tags.iter().take(index).any(|earlier| earlier.eq_ignore_ascii_case(&language)) {
                fields.refuse(&path, "each language once");
                return None;
            }
            Some(language)
        })
        .collect();
    read.into_iter().collect()
}

fn read_capacity(fields: &mut Fields, capacity: &CapacityMessage) -> Option<Capacity> {
    let voice = fields.int("voice", capacity.voice, 0..=1);
    let chat = fields.int("chats", capacity.chats, 0..=10);
    let message = fields.int("messages", capacity.messages, 0..=50);
    let small = |number: i32| u8::try_from(number).ok();
    Some(Capacity { voice: small(voice?)?, chat: small(chat?)?, message: small(message?)? })
}
