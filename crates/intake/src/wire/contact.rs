//! Contacts on the wire.

use std::collections::BTreeMap;

use helpline_domain::arrangement::{Outlook, Step};
use helpline_domain::blocking;
use helpline_domain::caller::Caller;
use helpline_domain::closing::{Closing, MAX_CATEGORIES};
use helpline_domain::contact::ContactState;
use helpline_domain::id::ContactId;
use helpline_domain::policy::wording::Locale;
use helpline_proto::intake::v1 as api;
use helpline_service_kit::command::command;
use helpline_service_kit::fields::Fields;
use helpline_service_kit::page::PageTokens;
use helpline_service_kit::wire::{self, Sight};
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::arrangement::Arrangement;
use helpline_store::contact::ContactFilter;
use helpline_store::participation::Participation;
use helpline_vault::{Sensitive, normalise_identifier};

use crate::{
    Answers, ChangeRisk, ClosingRecord, CompleteContact, ListContacts, Listed, ReceiveContact, Received,
    RecordAnswers, RecordDeparture, RecordPastContact, Seen,
};

/// Longest identifier or name, in characters.
pub(super) const LINE: usize = 200;
/// Longest narrative, in characters.
const NARRATIVE: usize = 20_000;
/// Longest reference as written, with blanks between its eight digits.
const REFERENCE: usize = 20;
/// Longest category key: its group, a dot and its reason.
const CATEGORY: usize = 81;
/// Most entries of a list in a filter: there are not more states or channels.
const FILTER: usize = 20;
/// Most answers of one contact.
const ANSWERS: usize = 50;

/// Reads [`api::ReceiveContactRequest`].
pub fn read_receive(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::ReceiveContactRequest,
) -> Result<ReceiveContact, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let channel = wire::read_channel(&mut fields, "channel", request.channel);
    let external_id = fields.line("external_id", request.external_id.trim(), 0..=LINE);
    let sender = fields.line("sender", request.sender.trim(), 0..=LINE);
    let display_name = fields.line("display_name", request.display_name.trim(), 0..=LINE);
    let queue = fields.optional_key("queue", &request.queue);
    let language = fields.optional_language("language", &request.language);
    let skills = wire::read_skills(&mut fields, "required_skills", &request.required_skills);
    let risk = wire::read_risk(&mut fields, "risk", request.risk);
    let answers = read_answers(&mut fields, &request.answers);
    let source = fields.line("source", request.source.trim(), 0..=LINE);
    let continues = fields.line("continues_external_id", request.continues_external_id.trim(), 0..=LINE);
    fields.build((|| {
        Some(ReceiveContact {
            command: command(ctx, caller, "ReceiveContact", request_id?, request),
            channel: channel?,
            external_id: personal("contact", external_id?),
            sender: known_sender(sender?),
            display_name: personal("identity", display_name?),
            queue: queue?,
            language: language?,
            skills: skills?,
            risk: risk?,
            answers: answers?,
            source: personal("contact", source?),
            continues: personal("contact", continues?),
        })
    })())
}

/// Reads [`api::RecordAnswersRequest`].
pub fn read_record_answers(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::RecordAnswersRequest,
) -> Result<RecordAnswers, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let contact_id = fields.id("contact_id", &request.contact_id);
    let answers = read_answers(&mut fields, &request.answers);
    if request.answers.is_empty() {
        fields.refuse("answers", format!("from 1 to {ANSWERS} entries"));
    }
    fields.build((|| {
        Some(RecordAnswers {
            command: command(ctx, caller, "RecordAnswers", request_id?, request),
            contact_id: contact_id?,
            answers: answers?,
        })
    })())
}

/// Reads answers: keys, each question once.
fn read_answers(fields: &mut Fields, answers: &[api::Answer]) -> Option<Answers> {
    let read = fields.list("answers", answers, ANSWERS, |fields, answer| {
        let question = fields.key("question", &answer.question);
        let value = fields.key("value", &answer.value);
        question.zip(value)
    })?;
    let mut answers = BTreeMap::new();
    let mut good = true;
    for (index, (question, value)) in read.into_iter().enumerate() {
        if answers.insert(question, value).is_some() {
            fields.refuse(&format!("answers[{index}].question"), "each question once");
            good = false;
        }
    }
    good.then_some(Answers(answers))
}

/// Reads [`api::GetContactRequest`].
pub fn read_get(request: &api::GetContactRequest) -> Result<ContactId, Refusal> {
    let mut fields = Fields::new();
    let contact_id = fields.id("contact_id", &request.contact_id);
    fields.build(contact_id)
}

/// The page tokens of a list with this filter.
pub fn list_tokens<'a>(ctx: &'a Ctx, caller: &Caller, request: &api::ListContactsRequest) -> PageTokens<'a> {
    PageTokens::new(ctx.vault(), "ListContacts", caller, &request.filter.clone().unwrap_or_default())
}

/// Reads [`api::ListContactsRequest`]. Error: also INVALID_PAGE_TOKEN.
pub fn read_list(
    pages: &PageTokens<'_>,
    request: &api::ListContactsRequest,
) -> Result<ListContacts, Refusal> {
    let mut fields = Fields::new();
    let size = fields.page_size(request.page_size);
    let filter = match &request.filter {
        None => Some(ContactFilter::default()),
        Some(filter) => fields.within("filter", |fields| read_filter(fields, filter)),
    };
    let (size, filter) = fields.build(size.zip(filter))?;
    Ok(ListContacts { filter, size, before: pages.open(&request.page_token)? })
}

fn read_filter(fields: &mut Fields, filter: &api::ContactFilter) -> Option<ContactFilter> {
    let states = read_each(fields, "states", &filter.states, |fields, path, state| {
        fields.choice(path, state, api::ContactState::as_str_name).and_then(wire::contact_state_from)
    });
    let channels = read_each(fields, "channels", &filter.channels, wire::read_channel);
    let queue = fields.optional_key("queue", &filter.queue);
    let counsellor_id = fields.optional_id("counsellor_id", &filter.counsellor_id);
    let received_from = fields.optional_timestamp("received_from", filter.received_from.as_ref());
    let received_before = fields.optional_timestamp("received_before", filter.received_before.as_ref());
    let reference = read_reference(fields, &filter.reference);
    Some(ContactFilter {
        states: states?,
        channels: channels?,
        queue: queue?,
        counsellor_id: counsellor_id?,
        received_from: received_from?,
        received_before: received_before?,
        reference: reference?,
    })
}

/// A reference as the person says it, with whatever digits; nothing when empty, and `None` when it cannot be used.
#[expect(clippy::option_option, reason = "the outer one says whether the field can be used")]
fn read_reference(fields: &mut Fields, sent: &str) -> Option<Option<String>> {
    if sent.is_empty() {
        return Some(None);
    }
    let line = fields.line("reference", sent.trim(), 1..=REFERENCE)?;
    let digits = normalise_identifier(&line).replace([' ', '-'], "");
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        fields.refuse("reference", "eight digits, or empty");
        return None;
    }
    Some(Some(digits))
}

/// Reads every value of a list of enums.
fn read_each<T>(
    fields: &mut Fields,
    path: &str,
    values: &[i32],
    read: impl Fn(&mut Fields, &str, i32) -> Option<T>,
) -> Option<Vec<T>> {
    if values.len() > FILTER {
        fields.refuse(path, format!("at most {FILTER} entries"));
        return None;
    }
    let read = |(index, value): (usize, &i32)| read(fields, &format!("{path}[{index}]"), *value);
    // All are read, so that every violation is found, before the first missing one decides.
    let entries: Vec<_> = values.iter().enumerate().map(read).collect();
    entries.into_iter().collect()
}

/// Reads [`api::ChangeRiskRequest`].
pub fn read_change_risk(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::ChangeRiskRequest,
) -> Result<ChangeRisk, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let contact_id = fields.id("contact_id", &request.contact_id);
    // An assessment can be corrected but not taken back.
    let risk = fields
        .choice("risk", request.risk, helpline_proto::terms::v1::Risk::as_str_name)
        .and_then(wire::risk_from);
    let expected_revision = fields.expected_revision("expected_revision", request.expected_revision);
    fields.build((|| {
        Some(ChangeRisk {
            command: command(ctx, caller, "ChangeRisk", request_id?, request),
            contact_id: contact_id?,
            risk: risk?,
            expected_revision: expected_revision?.unwrap_or_default(),
        })
    })())
}

/// Reads [`api::RecordDepartureRequest`].
pub fn read_departure(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::RecordDepartureRequest,
) -> Result<RecordDeparture, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let contact_id = fields.id("contact_id", &request.contact_id);
    let cause = fields.optional_choice("cause", request.cause, api::DepartureCause::as_str_name);
    fields.build((|| {
        Some(RecordDeparture {
            command: command(ctx, caller, "RecordDeparture", request_id?, request),
            contact_id: contact_id?,
            cut: cause? == Some(api::DepartureCause::Cut),
            lost: cause? == Some(api::DepartureCause::Lost),
        })
    })())
}

/// Reads [`api::CompleteContactRequest`]. Whether the record says all that must be known is asked of the settings later.
pub fn read_complete(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::CompleteContactRequest,
) -> Result<CompleteContact, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let contact_id = fields.id("contact_id", &request.contact_id);
    let closing = fields.required("closing", request.closing.as_ref());
    let record = closing.and_then(|closing| fields.within("closing", |fields| read_closing(fields, closing)));
    let expected_revision = fields.expected_revision("expected_revision", request.expected_revision);
    fields.build((|| {
        Some(CompleteContact {
            command: command(ctx, caller, "CompleteContact", request_id?, request),
            contact_id: contact_id?,
            record: record?,
            expected_revision: expected_revision?.unwrap_or_default(),
        })
    })())
}

/// Reads [`api::RecordPastContactRequest`].
pub fn read_past(
    ctx: &Ctx,
    caller: &Caller,
    request: &api::RecordPastContactRequest,
) -> Result<RecordPastContact, Refusal> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let channel = wire::read_channel(&mut fields, "channel", request.channel);
    let received_at = fields.timestamp("receive_time", request.receive_time.as_ref());
    let sender = fields.line("sender", request.sender.trim(), 0..=LINE);
    let display_name = fields.line("display_name", request.display_name.trim(), 0..=LINE);
    let queue = fields.optional_key("queue", &request.queue);
    let language = fields.optional_language("language", &request.language);
    let risk = wire::read_risk(&mut fields, "risk", request.risk);
    let record = match &request.closing {
        None => Some(None),
        Some(closing) => fields.within("closing", |fields| read_closing(fields, closing)).map(Some),
    };
    fields.build((|| {
        Some(RecordPastContact {
            command: command(ctx, caller, "RecordPastContact", request_id?, request),
            channel: channel?,
            received_at: received_at?,
            sender: known_sender(sender?),
            display_name: personal("identity", display_name?),
            queue: queue?,
            language: language?,
            risk: risk?,
            record: record?,
        })
    })())
}

fn read_closing(fields: &mut Fields, closing: &api::Closing) -> Option<ClosingRecord> {
    let kind =
        fields.choice("kind", closing.kind, api::ContactKind::as_str_name).and_then(wire::contact_kind_from);
    if closing.categories.len() > MAX_CATEGORIES {
        fields.refuse("categories", format!("at most {MAX_CATEGORIES}"));
    }
    let categories: Vec<_> = (closing.categories.iter().take(MAX_CATEGORIES).enumerate())
        .map(|(index, key)| fields.line(&format!("categories[{index}]"), key, 1..=CATEGORY))
        .collect();
    let gender =
        fields.choice("gender", closing.gender, api::Gender::as_str_name).and_then(wire::gender_from);
    let age_band =
        fields.choice("age_band", closing.age_band, api::AgeBand::as_str_name).and_then(wire::age_band_from);
    let region = fields.key("region", &closing.region);
    let action_taken = fields
        .choice("action_taken", closing.action_taken, api::ActionTaken::as_str_name)
        .and_then(wire::action_taken_from);
    let summary = fields.text("summary", &closing.summary, 0..=NARRATIVE);
    Some(ClosingRecord {
        closing: Closing {
            kind: kind?,
            categories: categories.into_iter().collect::<Option<_>>()?,
            gender: gender?,
            age_band: age_band?,
            region: region?,
            action_taken: action_taken?,
        },
        summary: Sensitive::new("narrative", summary?),
    })
}

/// Personal text; nothing for nothing.
fn personal(kind: &'static str, text: String) -> Option<Sensitive<String>> {
    (!text.is_empty()).then(|| Sensitive::new(kind, text))
}

/// The sender. One of which nothing is left in the form in which senders are compared is anonymous: otherwise all who
/// send blanks would be taken for one person.
pub(super) fn known_sender(text: String) -> Option<Sensitive<String>> {
    personal("contact", text).filter(|sender| !normalise_identifier(sender.expose()).is_empty())
}

/// What an adapter is told of a contact it brought.
pub fn received(received: &Received) -> api::ReceiveContactResponse {
    let blocked = received.contact.state == ContactState::Blocked;
    let outlook = match received.outlook {
        _ if blocked => api::Outlook::Blocked,
        Outlook::Served => api::Outlook::Served,
        Outlook::Closed => api::Outlook::Closed,
        Outlook::NobodyOnShift => api::Outlook::NobodyOnShift,
    };
    let locale = Locale::from_tag(received.contact.language.as_deref().unwrap_or_default());
    api::ReceiveContactResponse {
        contact: Some(wire::contact(&received.contact, Sight::Coded)),
        existing: received.existing,
        outlook: outlook.into(),
        arrangement: received.arrangement.as_ref().map(|done| arrangement(received, done)),
        hint: if blocked { blocking::hint(locale).to_owned() } else { String::new() },
        overload: received.overload.map(|told| api::Overload {
            callback_offered: told.callback,
            long_wait: told.long_wait,
            expected_wait: told.expected_wait_s.map(wire::whole_minutes),
        }),
        overflow: received.overflow.as_ref().map(wire::overflow),
    }
}

fn arrangement(received: &Received, done: &Arrangement) -> api::Arrangement {
    let step = |step: &Step| match step {
        Step::FallbackQueue => api::ArrangementStep::FallbackQueue,
        Step::OnCall => api::ArrangementStep::OnCall,
        Step::Overflow => api::ArrangementStep::Overflow,
        Step::Callback => api::ArrangementStep::Callback,
    };
    let placed = done.from_queue.is_some();
    api::Arrangement {
        steps: done.steps.iter().map(|one| step(one).into()).collect(),
        fallback_queue: if placed { received.contact.queue.clone() } else { String::new() },
        open_time: done.opens_at.map(wire::timestamp),
        callback_advised: done.steps.contains(&Step::Callback),
        reference: done.reference.clone().unwrap_or_default(),
    }
}

/// A contact as far as its reader may see it.
pub fn seen(seen: &Seen) -> api::Contact {
    wire::contact(&seen.contact, seen.sight)
}

/// The same with who else takes part in it.
pub fn seen_with(seen: &Seen, guests: &[Participation]) -> api::Contact {
    let guests = guests.iter().map(|guest| wire::participation(guest, wire::Shown::default()));
    api::Contact { participations: guests.collect(), ..self::seen(seen) }
}

/// A page of contacts.
pub fn listed(pages: &PageTokens<'_>, listed: &Listed) -> Result<api::ListContactsResponse, Refusal> {
    Ok(api::ListContactsResponse {
        contacts: listed.contacts.iter().map(|contact| wire::contact(contact, Sight::Coded)).collect(),
        next_page_token: pages.seal(listed.next.as_ref())?,
    })
}
