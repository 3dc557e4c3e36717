//! The long line: counsellors who are on shift and full, and the contacts that wait for them.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use helpline_devstack::StackHandle;
use helpline_proto::directory::v1::{Capacity, Counsellor};
use helpline_proto::intake::v1::ReceiveContactRequest;
use helpline_proto::terms::v1::{Channel, SkillLevel};
use helpline_simulator::call;
use helpline_simulator::client::Client;
use helpline_simulator::draws::Draws;
use helpline_simulator::house::DATABASE;
use tokio::task::JoinSet;

use crate::field::Field;
use crate::load::contact;

/// The language that the crowd alone speaks.
pub(crate) const LANGUAGE: &str = "fr";
/// A skill that the crowd has.
pub(crate) const SKILL: &str = "violence";
const HANDS: usize = 32;

/// A counsellor of the crowd: could take a call, chats or messages in the crowd's language.
pub(crate) fn record(place: usize) -> Counsellor {
    Counsellor {
        display_name: format!("Crowd {place:05}"),
        languages: vec![LANGUAGE.to_owned()],
        skills: vec![SkillLevel { skill: SKILL.to_owned(), level: 3 }],
        capacity: Some(Capacity { voice: 1, chats: 2, messages: 3 }),
        ..Counsellor::default()
    }
}

/// Gives each of the crowd a call to hold, which fills them: a call excludes everything else.
pub(crate) async fn fill(adapter: &Client, field: &Field, count: usize, draws: &mut Draws) -> Result<()> {
    let mut calls = JoinSet::new();
    for _ in 0..count {
        while calls.len() >= HANDS {
            calls.join_next().await.context("a call")???;
        }
        let (adapter, request) = (adapter.clone(), contact(LANGUAGE, Channel::Voice, draws));
        calls.spawn(async move {
            call!(adapter.contacts(), receive_contact, request).map(drop).context("receive")
        });
    }
    while let Some(done) = calls.join_next().await {
        done??;
    }
    let begun = Instant::now();
    while field.accepted() < count as u64 {
        ensure!(
            begun.elapsed() < Duration::from_mins(2),
            "only {} of {count} calls were taken within two minutes",
            field.accepted()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Puts `count` contacts in line for the crowd: a few of different kinds through the API, the rest as copies of those,
/// with ages up to an hour and all classes. Then Redis is emptied, so that the server builds its view of all of them.
pub(crate) async fn queue_up(
    stack: &StackHandle,
    adapter: &Client,
    count: usize,
    draws: &mut Draws,
) -> Result<()> {
    let skilled = |request: ReceiveContactRequest| ReceiveContactRequest {
        required_skills: vec![SkillLevel { skill: SKILL.to_owned(), level: 2 }],
        ..request
    };
    let mut originals = Vec::new();
    for request in [
        contact(LANGUAGE, Channel::Voice, draws),
        skilled(contact(LANGUAGE, Channel::Voice, draws)),
        contact(LANGUAGE, Channel::WebChat, draws),
        contact(LANGUAGE, Channel::Whatsapp, draws),
    ] {
        let answer = call!(adapter.contacts(), receive_contact, request).context("receive")?;
        originals.push(answer.contact.context("an answer with the contact")?.contact_id);
    }
    let copies = count.saturating_sub(originals.len()) / originals.len();
    let stack = stack.clone();
    tokio::task::spawn_blocking(move || copy(&stack, &originals, copies))
        .await
        .context("copying was cut short")?
}

fn copy(stack: &StackHandle, originals: &[String], copies: usize) -> Result<()> {
    let ids: Vec<String> = originals.iter().map(|id| format!("'{id}'")).collect();
    let sql = format!(
        "INSERT INTO helpline.contacts (centre_id, contact_id, channel, medium, state, risk, class, queue, language, skills,
             signature, received_at, deadline_at, brought_by, settings_version)
         SELECT centre_id, gen_random_uuid(), channel, medium, state, risk, 1 + n % 4, queue, language, skills, signature,
             received_at - make_interval(secs => n % 3600),
             received_at - make_interval(secs => n % 3600) + make_interval(secs => (ARRAY[15, 60, 180, 300])[1 + n % 4]),
             brought_by, settings_version
         FROM helpline.contacts CROSS JOIN generate_series(1, {copies}) n
         WHERE contact_id IN ({ids}) AND state = 'waiting'
         ORDER BY n",
        ids = ids.join(", ")
    );
    stack.postgres.query(DATABASE, &sql)?;
    stack.postgres.query(DATABASE, "ANALYZE helpline.contacts")?;
    let expected = originals.len() * (copies + 1);
    let rows =
        stack.postgres.query(DATABASE, "SELECT count(*) FROM helpline.contacts WHERE state = 'waiting'")?;
    let waiting = rows.first().and_then(|row| row.first().cloned().flatten()).unwrap_or_default();
    ensure!(waiting == expected.to_string(), "{waiting} contacts wait instead of {expected}");
    stack.redis.command(&["FLUSHALL"])?;
    let begun = Instant::now();
    loop {
        let seen = in_view(stack)?;
        if seen >= expected {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < Duration::from_mins(2),
            "the server's view holds {seen} of {expected} contacts after two minutes"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// How many members all sorted sets have: waiting contacts, and a few counsellors.
fn in_view(stack: &StackHandle) -> Result<usize> {
    let script = "local sum = 0
        for _, key in ipairs(redis.call('KEYS', '*')) do
            if redis.call('TYPE', key).ok == 'zset' then sum = sum + redis.call('ZCARD', key) end
        end
        return tostring(sum)";
    stack.redis.command(&["EVAL", script, "0"])?.trim().parse().context("a number")
}
