//! Services that children are referred to.

mod rules;
mod shown;

use helpline_domain::caller::Caller;
use helpline_domain::id::ServiceId;
use helpline_domain::service::fit::Wish;
use helpline_domain::service::fold::words;
use helpline_domain::service::language;
use helpline_proto::directory::v1::{
    ListServicesRequest, ListServicesResponse, SearchServicesRequest, UpdateServiceRequest,
    VerifyServiceRequest,
};
use helpline_proto::intake::v1::Gender;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::service::Keeping;

use crate::services::{ListServices, SearchServices, ServicePage, UpdateService, VerifyService};

pub(crate) use shown::{found, shown};

const LONGEST_WORDS: usize = 200;
const MOST_TERMS: usize = 20;
const MOST_LANGUAGES: usize = 10;
const OLDEST: i32 = 120;
const MOST_PLACES: i32 = 1000;
const USUAL_SIZE: i32 = 20;
const LARGEST_SIZE: i32 = 100;

/// The id of a service, sent alone.
pub(crate) fn id(service_id: &str) -> Result<ServiceId, Refusal> {
    let mut fields = Fields::new();
    let id = fields.id("service_id", service_id);
    fields.build(id)
}

pub(crate) fn search(request: &SearchServicesRequest) -> Result<SearchServices, Refusal> {
    let mut fields = Fields::new();
    let text = fields.line("text", &request.text, 0..=LONGEST_WORDS);
    let terms = each(&mut fields, "terms", &request.terms, MOST_TERMS, |fields, path, term| {
        fields.line(path, term, 1..=LONGEST_WORDS)
    });
    let age = match request.age {
        Some(age) => fields.int("age", age, 0..=OLDEST).map(Some),
        None => Some(None),
    };
    let gender = fields.optional_choice("gender", request.gender, Gender::as_str_name);
    let languages =
        each(&mut fields, "languages", &request.languages, MOST_LANGUAGES, |fields, path, language| {
            let tag = fields.language(path, language)?;
            Some(language::key(&tag).unwrap_or(tag))
        });
    let status = fields.optional_key("status", &request.status);
    let nationality = rules::optional_country(&mut fields, "nationality", &request.nationality);
    let area = fields.line("area", &request.area, 0..=LONGEST_WORDS);
    let position = match &request.position {
        None => Some(None),
        Some(position) => fields
            .within("position", |fields| {
                let latitude = fields.int("latitude", position.latitude, -90.0..=90.0);
                let longitude = fields.int("longitude", position.longitude, -180.0..=180.0);
                latitude.zip(longitude)
            })
            .map(Some),
    };
    let within_km = match request.within_km {
        None => Some(None),
        Some(_) if request.position.is_none() => {
            fields.refuse("position", "required with within_km");
            None
        }
        Some(within) => fields.int("within_km", within, 0.1..=20_000.0).map(Some),
    };
    let places = fields.int("places", request.places, 0..=MOST_PLACES);
    let unit = fields.optional_key("unit", &request.unit);
    if !request.unit.is_empty() && request.places == 0 {
        fields.refuse("places", "required with unit");
    }
    let size = fields.int("page_size", request.page_size, 0..=i32::MAX);
    fields.build((|| {
        Some(SearchServices {
            text: text?,
            wish: Wish {
                terms: terms?,
                age: age?.and_then(|age| u32::try_from(age).ok()),
                gender: gender?.and_then(rules::gender_key).unwrap_or_default().to_owned(),
                languages: languages?,
                status: status?.unwrap_or_default(),
                nationality: nationality?,
                with_children: request.with_children,
                pregnant: request.pregnant,
                area: words(&area?),
                position: position?,
                within_km: within_km?,
                open_now: request.open_now,
                places: u32::try_from(places?).ok()?,
                unit: unit?.unwrap_or_default(),
            },
            size: usize::try_from(if size? == 0 { USUAL_SIZE } else { size?.min(LARGEST_SIZE) }).ok()?,
        })
    })())
}

/// A list of at most so many values, each read under its own path.
fn each<M, T>(
    fields: &mut Fields,
    path: &str,
    values: &[M],
    most: usize,
    mut read: impl FnMut(&mut Fields, &str, &M) -> Option<T>,
) -> Option<Vec<T>> {
    if values.len() > most {
        fields.refuse(path, format!("at most {most} entries"));
        return None;
    }
    // Every value is read, so that every violation is found, before the first missing one decides.
    let values = values.iter().enumerate();
    let read: Vec<_> =
        values.map(|(index, value)| read(fields, &format!("{path}[{index}]"), value)).collect();
    read.into_iter().collect()
}

pub(crate) fn verify(
    ctx: &Ctx,
    caller: &Caller,
    request: &VerifyServiceRequest,
) -> Result<VerifyService, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let service_id = fields.id("service_id", &request.service_id);
    let expected_revision = fields.expected_revision("expected_revision", request.expected_revision);
    fields.build((|| {
        Some(VerifyService {
            command: command(ctx, caller, "VerifyService", request_id?, request),
            service_id: service_id?,
            expected_revision: expected_revision?,
        })
    })())
}

pub(crate) fn update(
    ctx: &Ctx,
    caller: &Caller,
    request: &UpdateServiceRequest,
) -> Result<UpdateService, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let service_id = fields.id("service_id", &request.service_id);
    let agency_id = fields.optional_id("agency_id", &request.agency_id);
    let expected_revision = fields.expected_revision("expected_revision", request.expected_revision);
    let rules = fields.required("rules", request.rules.as_ref());
    let rules = rules.and_then(|rules| fields.within("rules", |fields| rules::read(fields, rules)));
    fields.build((|| {
        Some(UpdateService {
            command: command(ctx, caller, "UpdateService", request_id?, request),
            service_id: service_id?,
            keeping: Keeping { agency_id: agency_id?, suspended: request.suspended, rules: rules? },
            expected_revision: expected_revision?,
        })
    })())
}

pub(crate) fn list(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListServicesRequest,
) -> Result<ListServices, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let size = fields.build(size)?;
    let after = tokens(ctx, caller, request).open(&request.page_token)?;
    Ok(ListServices { due_only: request.due_only, after, size })
}

/// The answer that is a page.
pub(crate) fn page(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListServicesRequest,
    page: &ServicePage,
) -> Result<ListServicesResponse, Refusal> {
    Ok(ListServicesResponse {
        services: page.services.iter().map(|listing| shown::to_message(caller, listing, page.now)).collect(),
        next_page_token: tokens(ctx, caller, request).seal(page.next.as_ref())?,
    })
}

fn tokens<'a>(ctx: &'a Ctx, caller: &Caller, request: &ListServicesRequest) -> PageTokens<'a> {
    let filter = ListServicesRequest { due_only: request.due_only, ..ListServicesRequest::default() };
    PageTokens::new(ctx.vault(), "ListServices", caller, &filter)
}
