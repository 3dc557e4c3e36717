//! A contact comes in and is put in line.

use std::collections::BTreeMap;

use helpline_domain::arrangement::Outlook;
use helpline_domain::caller::Caller;
use helpline_domain::channel::Channel;
use helpline_domain::contact::ContactState;
use helpline_domain::id::ContactId;
use helpline_domain::policy::valve::{Valve, ValveAnswer};
use helpline_domain::risk::{self, Class, Risk};
use helpline_service_kit::arranging::{Prospect, prospect};
use helpline_service_kit::overload::Overload;
use helpline_service_kit::{Ctx, Refusal, fail_point};
use helpline_store::arrangement::Arrangement;
use helpline_store::contact::Contact;
use helpline_store::diversion::{Diverted, Target};
use helpline_store::overflow::Overflow;
use helpline_store::receiving::NewContact;
use helpline_store::{Change, Command, StoreError};
use helpline_vault::Sensitive;

use crate::{Answers, placing, returning};

/// What is asked: [`ReceiveContactRequest`](helpline_proto::intake::v1::ReceiveContactRequest), read.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is described on the message of the API")]
pub struct ReceiveContact {
    pub command: Command,
    pub channel: Channel,
    pub external_id: Option<Sensitive<String>>,
    pub sender: Option<Sensitive<String>>,
    pub display_name: Option<Sensitive<String>>,
    /// Key of the queue; `None` for the default one.
    pub queue: Option<String>,
    pub language: Option<String>,
    pub skills: BTreeMap<String, u8>,
    pub risk: Risk,
    pub answers: Answers,
    pub source: Option<Sensitive<String>>,
    pub continues: Option<Sensitive<String>>,
}

/// A contact taken in.
#[derive(Clone, Debug)]
pub struct Received {
    /// The contact.
    pub contact: Contact,
    /// Whether it was there before this call, be it by a repeat of the same command.
    pub existing: bool,
    /// How likely it is that somebody answers.
    pub outlook: Outlook,
    /// What was done about it, if anything had to be.
    pub arrangement: Option<Arrangement>,
    /// What the person should be told because more come than can be answered, if that is so.
    pub overload: Option<Told>,
    /// The partner centre that has it, if one has.
    pub overflow: Option<Overflow>,
}

/// What a person should be told while more come than can be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    /// That they may have a callback, which keeps their place.
    pub callback: bool,
    /// That it will take long.
    pub long_wait: bool,
    /// The wait to expect in seconds, where it is known.
    pub expected_wait_s: Option<u32>,
}

/// Takes a contact in, or finds the one that is there. Errors: INVALID_FIELD for a queue or a skill that the centre does
/// not have, REQUEST_ID_REUSED.
pub async fn receive_contact(
    ctx: &Ctx,
    caller: &Caller,
    request: ReceiveContact,
) -> Result<Received, Refusal> {
    let command = request.command;
    // Seen once: what is told fits the deadline that is given.
    let overload = ctx.overload.of(caller.centre_id);
    let new = place(ctx, caller, request, overload.valve).await?;
    fail_point!("receive.before_commit");
    let change = match ctx.store.receive_contact(&command, &new).await {
        // The conversation it would have joined ended this moment: now there is room for a new one.
        Err(StoreError::Retry) => ctx.store.receive_contact(&command, &new).await?,
        change => change?,
    };
    fail_point!("receive.after_commit");
    let (contact, existing, roster) = match change {
        Change::Done(received) => {
            let mut contact = received.contact;
            if !received.existing {
                contact = returning::put_in_line(ctx, caller.centre_id, contact, &new).await?;
            }
            (contact, received.existing, Some(received.roster_version))
        }
        Change::Replayed { resource_id } => {
            let contact = again(ctx, caller, resource_id.into()).await?;
            (returning::put_in_line(ctx, caller.centre_id, contact, &new).await?, true, None)
        }
        Change::Reused => return Err(Refusal::request_id_reused()),
        Change::Refused => return Err(Refusal::bug("a contact was neither taken in nor found")),
    };
    let prospect = prospect(ctx, caller.centre_id, contact, roster, !existing).await?;
    let Prospect { contact, outlook, arrangement } = prospect;
    if !existing && contact.state != ContactState::Blocked {
        ctx.metrics.contacts().received(contact.class, contact.channel, outlook == Outlook::Served);
    }
    let overload = told(&overload, &contact, outlook);
    let overflow = match contact.state {
        ContactState::Overflowed => ctx.store.overflow_of(caller.centre_id, contact.contact_id).await?,
        _ => None,
    };
    Ok(Received { contact, existing, outlook, arrangement, overload, overflow })
}

/// What to tell because of overload. Nobody who is told another thing already: that nobody will answer, or that it is closed.
fn told(overload: &Overload, contact: &Contact, outlook: Outlook) -> Option<Told> {
    if contact.state != ContactState::Waiting || outlook != Outlook::Served {
        return None;
    }
    let answers = overload.valve.answers(contact.class);
    let told = Told {
        callback: answers.contains(&ValveAnswer::OfferCallback),
        long_wait: answers.contains(&ValveAnswer::TellHonestly),
        expected_wait_s: overload.expected_wait_s(contact.class),
    };
    (told.callback || told.long_wait).then_some(told)
}

/// The contact with its place in line under the settings in force.
async fn place(
    ctx: &Ctx,
    caller: &Caller,
    request: ReceiveContact,
    valve: Valve,
) -> Result<NewContact, Refusal> {
    let current = ctx.settings.current(caller.centre_id).await?;
    let settings = &current.settings;
    let queue = placing::queue(settings, request.queue.as_deref())?;
    let skills = placing::required_skills(settings, queue, &request.skills)?;
    let raise = risk::found(&settings.risk_rules, None, &request.answers.0)
        .into_iter()
        .find(|raise| raise.risk > request.risk);
    let assessed = raise.as_ref().map_or(request.risk, |raise| raise.risk);
    let class = assessed.class(request.channel);
    let diversion = ctx.diversions.of(caller.centre_id, &queue.queue).await?;
    let (queue_before, skills_before) = (queue, skills.clone());
    let (queue, skills) = placing::diverted(settings, queue, skills, diversion.as_ref());
    let target_s =
        |queue, class| valve.target_wait_s(class, settings.target_wait_s(queue, request.channel, class));
    Ok(NewContact {
        contact_id: ContactId::from(ctx.ids.v7()),
        channel: request.channel,
        risk: assessed,
        class,
        queue: queue.queue.clone(),
        language: request.language,
        skills,
        // A diversion never makes anybody wait longer.
        target_s: target_s(queue, class).min(target_s(queue_before, class)),
        relax_after_s: queue.relax_after_s(),
        settings_version: current.version,
        external_id: request.external_id,
        continues: request.continues,
        // A conversation is bounded already: a sender has one. Behind a number there may be many.
        source: request
            .source
            .or_else(|| request.sender.clone().filter(|_| !request.channel.one_open_per_sender())),
        sender: request.sender,
        display_name: request.display_name,
        risk_rules: raise.into_iter().map(|raise| raise.rule).collect(),
        answers: request.answers.text(),
        flood: settings.flood,
        lowest_target_s: target_s(queue, Class::Low),
        diverted: diversion.map(|diversion| Diverted {
            diversion_id: diversion.diversion_id,
            original_queue: queue_before.queue.clone(),
            original_skills: skills_before,
            directed_to: match diversion.target {
                Target::Counsellor(counsellor) => Some(counsellor),
                Target::Queue(_) => None,
            },
        }),
    })
}

/// The contact that the same command got before. That this caller got it is known from the command itself.
async fn again(ctx: &Ctx, caller: &Caller, id: ContactId) -> Result<Contact, Refusal> {
    let found = ctx.store.contact(caller.centre_id, id).await?;
    found.ok_or_else(|| Refusal::not_found("contact"))
}
