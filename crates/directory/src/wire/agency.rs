//! Agencies.

use helpline_domain::agency::AgencyKind;
use helpline_domain::caller::Caller;
use helpline_domain::id::AgencyId;
use helpline_proto::directory::v1::{
    Agency as Message, AgencyKind as KindMessage, CreateAgencyRequest, DisableAgencyRequest,
    ListAgenciesRequest, ListAgenciesResponse, UpdateAgencyRequest,
};
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{field_class, read_field_classes, timestamp};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::agency::{Agency, Profile};

use crate::agencies::{AgencyPage, CreateAgency, DisableAgency, ListAgencies, UpdateAgency};

const LONGEST_NAME: usize = 200;

/// An agency as its message.
pub(crate) fn to_message(agency: Agency) -> Message {
    Message {
        agency_id: agency.agency_id.to_string(),
        display_name: agency.profile.display_name,
        kind: kind_to_message(agency.profile.kind).into(),
        field_classes: agency
            .profile
            .field_classes
            .into_iter()
            .map(|class| field_class(class).into())
            .collect(),
        disabled: agency.disabled_at.is_some(),
        create_time: Some(timestamp(agency.created_at)),
        revision: agency.revision,
        country: agency.profile.country.unwrap_or_default(),
    }
}

/// The id of an agency, sent alone.
pub(crate) fn id(agency_id: &str) -> Result<AgencyId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("agency_id", agency_id);
    fields.build(id)
}

pub(crate) fn create(
    ctx: &Ctx,
    caller: &Caller,
    request: &CreateAgencyRequest,
) -> Result<CreateAgency, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let agency = fields.required("agency", request.agency.as_ref());
    let profile = agency.and_then(|agency| fields.within("agency", |fields| profile(fields, agency)));
    fields.build((|| {
        let command = command(ctx, caller, "CreateAgency", request_id?, request);
        Some(CreateAgency { command, profile: profile? })
    })())
}

pub(crate) fn update(
    ctx: &Ctx,
    caller: &Caller,
    request: &UpdateAgencyRequest,
) -> Result<UpdateAgency, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let expected_revision = fields.expected_revision("expected_revision", request.expected_revision);
    let agency = fields.required("agency", request.agency.as_ref());
    let read = agency.and_then(|agency| {
        fields.within("agency", |fields| {
            let id = fields.id("agency_id", &agency.agency_id);
            let profile = profile(fields, agency);
            Some((id?, profile?))
        })
    });
    fields.build((|| {
        let (agency_id, profile) = read?;
        Some(UpdateAgency {
            command: command(ctx, caller, "UpdateAgency", request_id?, request),
            agency_id,
            profile,
            expected_revision: expected_revision?,
        })
    })())
}

pub(crate) fn disable(
    ctx: &Ctx,
    caller: &Caller,
    request: &DisableAgencyRequest,
) -> Result<DisableAgency, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let agency_id = fields.id("agency_id", &request.agency_id);
    fields.build((|| {
        let command = command(ctx, caller, "DisableAgency", request_id?, request);
        Some(DisableAgency { command, agency_id: agency_id? })
    })())
}

pub(crate) fn list(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListAgenciesRequest,
) -> Result<ListAgencies, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let size = fields.build(size)?;
    Ok(ListAgencies { after: tokens(ctx, caller).open(&request.page_token)?, size })
}

/// The answer that is a page.
pub(crate) fn page(ctx: &Ctx, caller: &Caller, page: AgencyPage) -> Result<ListAgenciesResponse, Refusal> {
    Ok(ListAgenciesResponse {
        agencies: page.agencies.into_iter().map(to_message).collect(),
        next_page_token: tokens(ctx, caller).seal(page.next.as_ref())?,
    })
}

fn tokens<'a>(ctx: &'a Ctx, caller: &Caller) -> PageTokens<'a> {
    PageTokens::new(ctx.vault(), "ListAgencies", caller, &ListAgenciesRequest::default())
}

fn profile(fields: &mut Fields, agency: &Message) -> Option<Profile> {
    let display_name = fields.line("display_name", &agency.display_name, 1..=LONGEST_NAME);
    let kind = fields.choice("kind", agency.kind, KindMessage::as_str_name).and_then(kind_from_message);
    let field_classes = read_field_classes(fields, "field_classes", &agency.field_classes);
    let country = match kind {
        Some(AgencyKind::Embassy) => fields.country("country", &agency.country).map(Some),
        Some(_) if !agency.country.is_empty() => {
            fields.refuse("country", "empty for what is no embassy");
            None
        }
        _ => Some(None),
    };
    let profile = Profile {
        display_name: display_name?,
        kind: kind?,
        field_classes: field_classes?,
        country: country?,
    };
    if profile.field_classes.iter().any(|class| !profile.kind.may_be_told(*class)) {
        fields.refuse("field_classes", "of a school identity and contact at most");
        return None;
    }
    Some(profile)
}

const fn kind_to_message(kind: AgencyKind) -> KindMessage {
    match kind {
        AgencyKind::Police => KindMessage::Police,
        AgencyKind::Ambulance => KindMessage::Ambulance,
        AgencyKind::Fire => KindMessage::Fire,
        AgencyKind::ChildProtection => KindMessage::ChildProtection,
        AgencyKind::Health => KindMessage::Health,
        AgencyKind::Justice => KindMessage::Justice,
        AgencyKind::Shelter => KindMessage::Shelter,
        AgencyKind::Ngo => KindMessage::Ngo,
        AgencyKind::School => KindMessage::School,
        AgencyKind::Helpline => KindMessage::Helpline,
        AgencyKind::Embassy => KindMessage::Embassy,
        AgencyKind::Other => KindMessage::Other,
    }
}

fn kind_from_message(kind: KindMessage) -> Option<AgencyKind> {
    AgencyKind::ALL.into_iter().find(|&known| kind_to_message(known) == kind)
}
