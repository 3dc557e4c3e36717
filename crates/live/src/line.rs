//! A centre's line: lines of waiting contacts, counsellors with room, pairs being committed.

use std::sync::LazyLock;

use helpline_domain::counsellor::Capacity;
use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use helpline_domain::risk::Class;
use redis::Script;

use crate::connection::{Live, LiveError};
use crate::hint::Hint;
use crate::keys::{self, Keys};

static PUT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/put.lua")));
static BACK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/back.lua")));
static ROOM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/room.lua")));
static HEADS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/heads.lua")));
static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/claim.lua")));
static RELEASE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/release.lua")));
static DROP: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/drop.lua")));

/// A waiting contact, as the view knows it. Times are in milliseconds since 1970.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Waiter {
    /// Who.
    pub contact_id: ContactId,
    /// Place in line.
    pub class: Class,
    /// Whether it was with a counsellor and was cut off: ahead of its class.
    pub resumed: bool,
    /// Keyed hash of what it asks for.
    pub signature: Vec<u8>,
    /// When it should be answered.
    pub deadline_ms: i64,
    /// When it arrived.
    pub received_ms: i64,
    /// Order of arrival.
    pub sequence: i64,
    /// Whether its row says more than stands here: it was offered before and somebody may be cooling down, or it prefers a
    /// counsellor.
    pub tried: bool,
}

impl Waiter {
    fn line(&self) -> String {
        keys::line_name(self.class, self.resumed, &self.signature)
    }

    fn shares_line(&self, other: &Self) -> bool {
        (self.class, self.resumed, &self.signature) == (other.class, other.resumed, &other.signature)
    }

    /// The member of the sorted set. Begins with the zero-padded sequence: equal deadlines are first come, first served.
    fn member(&self) -> String {
        format!(
            "{:020}:{}:{}:{}",
            self.sequence,
            self.contact_id.as_uuid().simple(),
            self.received_ms,
            u8::from(self.tried)
        )
    }

    fn parse(line: &(Class, bool, Vec<u8>), member: &str, deadline: &str) -> Option<Self> {
        let (class, resumed, signature) = line;
        let mut parts = member.split(':');
        Some(Self {
            sequence: parts.next()?.parse().ok()?,
            contact_id: parts.next()?.parse().ok()?,
            received_ms: parts.next()?.parse().ok()?,
            tried: parts.next()? == "1",
            class: *class,
            resumed: *resumed,
            signature: signature.clone(),
            deadline_ms: deadline.parse().ok()?,
        })
    }
}

/// A counsellor and how much room they have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FreeCounsellor {
    /// Who.
    pub counsellor_id: CounsellorId,
    /// Since when they have had nothing new, in milliseconds since 1970.
    pub idle_since_ms: i64,
    /// What they hold.
    pub held: Capacity,
    /// What they can hold.
    pub capacity: Capacity,
    /// Severe contacts they have had in a row.
    pub severe_in_a_row: u8,
    /// Whether anything can be offered to them.
    pub ready: bool,
    /// Revision of the presence this was read at.
    pub revision: i64,
}

impl FreeCounsellor {
    /// Whether there is room for anything.
    fn has_room(&self) -> bool {
        use helpline_domain::channel::Medium;
        self.ready && Medium::ALL.into_iter().any(|medium| self.capacity.allows(&self.held, medium))
    }

    fn numbers(&self) -> String {
        let (held, can) = (self.held, self.capacity);
        format!(
            "{} {} {} {} {} {} {}",
            held.voice, held.chat, held.message, can.voice, can.chat, can.message, self.severe_in_a_row
        )
    }

    fn parse(id: &str, idle_since: &str, room: &str) -> Option<Self> {
        let numbers: Vec<i64> = room.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let &[revision, ref counts @ ..] = numbers.as_slice() else { return None };
        let counts: Vec<u8> = counts.iter().filter_map(|number| u8::try_from(*number).ok()).collect();
        let &[voice, chat, message, max_voice, max_chat, max_message, severe_in_a_row] = counts.as_slice()
        else {
            return None;
        };
        Some(Self {
            counsellor_id: id.parse().ok()?,
            idle_since_ms: idle_since.parse().ok()?,
            held: Capacity { voice, chat, message },
            capacity: Capacity { voice: max_voice, chat: max_chat, message: max_message },
            severe_in_a_row,
            ready: true,
            revision,
        })
    }
}

/// Who is free and who comes first in each line.
#[derive(Clone, Debug, Default)]
pub struct Heads {
    /// Counsellors with room, longest idle first.
    pub free: Vec<FreeCounsellor>,
    /// The first of each line; of the critical ones alone when nobody is free.
    pub waiting: Vec<Waiter>,
}

/// A view of one centre at one generation.
#[derive(Clone, Debug)]
pub struct LineView {
    live: Live,
    centre: CentreId,
    generation: i64,
}

type RawHeads = (Vec<(String, String, String)>, Vec<(String, Vec<String>)>);

impl Live {
    /// The view of a centre at a generation.
    pub fn line(&self, centre: CentreId, generation: i64) -> LineView {
        LineView { live: self.clone(), centre, generation }
    }
}

impl LineView {
    /// The generation.
    pub fn generation(&self) -> i64 {
        self.generation
    }

    fn keys(&self) -> Keys {
        Keys::new(self.centre, self.generation)
    }

    fn hint(&self, tell: bool) -> String {
        if tell { Hint::Line(self.centre).text(self.live.origin()) } else { String::new() }
    }

    /// Makes this generation the one in force; everything older becomes unreachable and is removed.
    pub async fn begin(&self) -> Result<(), LiveError> {
        let generation = keys::generation(self.centre);
        self.live.command::<()>(redis::cmd("SET").arg(&generation).arg(self.generation)).await?;
        let (own, mut cursor) = (self.keys(), 0_u64);
        loop {
            let (next, names): (u64, Vec<String>) = self
                .live
                .command(
                    redis::cmd("SCAN")
                        .arg(cursor)
                        .arg("MATCH")
                        .arg(format!("helpline:{{{}}}:*", self.centre))
                        .arg("COUNT")
                        .arg(500),
                )
                .await?;
            for name in names.iter().filter(|name| **name != generation && !name.starts_with(own.prefix())) {
                self.live.command::<()>(redis::cmd("UNLINK").arg(name)).await?;
            }
            cursor = next;
            if cursor == 0 {
                return Ok(());
            }
        }
    }

    /// Whether this generation is the one in force.
    pub async fn in_force(&self) -> Result<bool, LiveError> {
        let found: Option<i64> =
            self.live.command(redis::cmd("GET").arg(keys::generation(self.centre))).await?;
        Ok(found == Some(self.generation))
    }

    /// Puts contacts in line; with `tell`, wakes the matchers of other processes.
    pub async fn put(&self, waiters: &[Waiter], tell: bool) -> Result<(), LiveError> {
        let keys = self.keys();
        for line in waiters.chunk_by(Waiter::shares_line) {
            let Some(first) = line.first() else { continue };
            let name = first.line();
            let mut call = PUT.key(keys::generation(self.centre));
            call.key(keys.lines()).key(keys.line(&name)).arg(self.generation).arg(&name).arg(self.hint(tell));
            for waiter in line {
                call.arg(waiter.deadline_ms).arg(waiter.member());
            }
            self.live.run::<i64>(&call).await?;
        }
        Ok(())
    }

    /// Puts a contact in line together with the room of the counsellor who was freed for it; wakes the matchers of other
    /// processes.
    pub async fn put_back(&self, waiter: &Waiter, room: &FreeCounsellor) -> Result<(), LiveError> {
        let (keys, name) = (self.keys(), waiter.line());
        let mut call = BACK.key(keys::generation(self.centre));
        call.key(keys.lines()).key(keys.line(&name)).key(keys.free()).key(keys.rooms());
        call.arg(self.generation)
            .arg(&name)
            .arg(self.hint(true))
            .arg(waiter.deadline_ms)
            .arg(waiter.member());
        call.arg(room.counsellor_id.to_string())
            .arg(room.revision)
            .arg(u8::from(room.has_room()))
            .arg(room.idle_since_ms)
            .arg(room.numbers());
        self.live.run::<i64>(&call).await.map(drop)
    }

    /// Takes contacts out of line; returns how many were there.
    pub async fn drop_waiters(&self, waiters: &[Waiter]) -> Result<u64, LiveError> {
        let (keys, mut dropped) = (self.keys(), 0);
        for waiter in waiters {
            let name = waiter.line();
            let mut call = DROP.key(keys::generation(self.centre));
            call.key(keys.lines()).key(keys.line(&name)).arg(self.generation).arg(&name).arg(waiter.member());
            dropped += self.live.run::<u64>(&call).await?;
        }
        Ok(dropped)
    }

    /// Notes how much room counsellors have; with `tell`, wakes the matchers of other processes.
    pub async fn put_rooms(&self, rooms: &[FreeCounsellor], tell: bool) -> Result<(), LiveError> {
        if rooms.is_empty() {
            return Ok(());
        }
        let keys = self.keys();
        let mut call = ROOM.key(keys::generation(self.centre));
        call.key(keys.free()).key(keys.rooms()).arg(self.generation).arg(self.hint(tell));
        for room in rooms {
            call.arg(room.counsellor_id.to_string())
                .arg(room.revision)
                .arg(u8::from(room.has_room()))
                .arg(room.idle_since_ms)
                .arg(room.numbers());
        }
        self.live.run::<i64>(&call).await.map(drop)
    }

    /// Who is free, at most `most_free`, and the first `per_line` of each line.
    pub async fn heads(&self, per_line: usize, most_free: usize) -> Result<Heads, LiveError> {
        let keys = self.keys();
        let mut call = HEADS.key(keys::generation(self.centre));
        call.key(keys.lines())
            .key(keys.free())
            .key(keys.rooms())
            .arg(self.generation)
            .arg(keys.line(""))
            .arg(per_line)
            .arg(most_free);
        let (free, lines): RawHeads = self.live.run(&call).await?;
        let free = free.iter().filter_map(|(id, idle, room)| FreeCounsellor::parse(id, idle, room)).collect();
        let mut waiting = Vec::new();
        for (name, members) in &lines {
            let Some(line) = keys::parse_line_name(name) else { continue };
            waiting
                .extend(members.chunks_exact(2).filter_map(|pair| Waiter::parse(&line, &pair[0], &pair[1])));
        }
        Ok(Heads { free, waiting })
    }

    /// Claims contacts for committing until `until_ms`, each with the counsellors it is to be offered to, and whether those
    /// put other work aside for it and need not be free; says of each counsellor whether they were still free or need not be,
    /// and of none that they were when the contact was gone.
    pub async fn claim(
        &self,
        groups: &[(&Waiter, Vec<CounsellorId>, bool)],
        until_ms: i64,
    ) -> Result<Vec<Vec<bool>>, LiveError> {
        let keys = self.keys();
        let mut call = CLAIM.key(keys::generation(self.centre));
        call.key(keys.lines()).key(keys.free()).key(keys.claims()).arg(self.generation).arg(until_ms);
        for (waiter, counsellors, interrupts) in groups {
            let name = waiter.line();
            call.key(keys.line(&name))
                .arg(&name)
                .arg(waiter.deadline_ms)
                .arg(waiter.member())
                .arg(u8::from(*interrupts))
                .arg(counsellors.len());
            for counsellor in counsellors {
                call.arg(counsellor.to_string());
            }
        }
        self.live.run(&call).await
    }

    /// Ends claims; those marked go back to their line.
    pub async fn release(&self, claims: &[(&Waiter, bool)]) -> Result<(), LiveError> {
        let keys = self.keys();
        let mut call = RELEASE.key(keys::generation(self.centre));
        call.key(keys.lines()).key(keys.claims()).arg(self.generation);
        for (waiter, back) in claims {
            let name = waiter.line();
            call.key(keys.line(&name))
                .arg(&name)
                .arg(waiter.deadline_ms)
                .arg(waiter.member())
                .arg(u8::from(*back));
        }
        self.live.run::<i64>(&call).await.map(drop)
    }

    /// Claims whose time was over at `now_ms`: their commit never came back.
    pub async fn lapsed_claims(&self, now_ms: i64) -> Result<Vec<Waiter>, LiveError> {
        let members: Vec<String> = self
            .live
            .command(redis::cmd("ZRANGE").arg(self.keys().claims()).arg("-inf").arg(now_ms).arg("BYSCORE"))
            .await?;
        let parse = |member: &String| {
            let mut words = member.split(' ');
            let line = keys::parse_line_name(words.next()?)?;
            let deadline = words.next()?;
            Waiter::parse(&line, words.next()?, deadline)
        };
        Ok(members.iter().filter_map(parse).collect())
    }

    /// Every waiting contact of the view, for comparing.
    pub async fn all(&self) -> Result<Vec<Waiter>, LiveError> {
        const PAGE: usize = 2000;
        let keys = self.keys();
        let names: Vec<String> = self.live.command(redis::cmd("SMEMBERS").arg(keys.lines())).await?;
        let mut all = Vec::new();
        for name in names {
            let Some(line) = keys::parse_line_name(&name) else { continue };
            let mut start = 0;
            loop {
                let members: Vec<String> = self
                    .live
                    .command(
                        redis::cmd("ZRANGE")
                            .arg(keys.line(&name))
                            .arg(start)
                            .arg(start + PAGE - 1)
                            .arg("WITHSCORES"),
                    )
                    .await?;
                all.extend(
                    members.chunks_exact(2).filter_map(|pair| Waiter::parse(&line, &pair[0], &pair[1])),
                );
                if members.len() < 2 * PAGE {
                    break;
                }
                start += PAGE;
            }
        }
        Ok(all)
    }
}
