//! What a scenario is played on: a centre, its people, a clock that is moved, and a place to tell it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail, ensure};
use helpline_proto::directory::v1::{
    Agency, AgencyKind, Capacity, Counsellor, CreateAgencyRequest, CreateCounsellorRequest,
    CreateTokenRequest, GetSettingsRequest, PublishSettingsRequest, Settings,
};
use helpline_proto::options::v1::{FieldClass, Role};
use helpline_proto::queueing::v1::{Alert, AlertKind, ListAlertsRequest};
use prost_types::Timestamp;
use tonic::transport::Channel;
use uuid::Uuid;

use super::cast::{Who, does, given};
use crate::client::Client;
use crate::draws::Draws;
use crate::house::House;

/// How long anything that the helpline does by itself may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(50);
/// Until everything that looks at the clock has looked twice.
const AGAIN: Duration = Duration::from_millis(2500);
/// For how long a token is given, and after how long everybody gets a new one: it lasts as long as the API lets it.
const TOKEN_LIFE_S: i64 = 390 * DAY;
const NEW_TOKENS_S: i64 = 60 * DAY;

/// Seconds of an hour and of a day.
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Something that is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Seconds since the beginning, by the clock that is moved.
    pub at: i64,
    /// Who did it.
    pub who: &'static str,
    /// What happened.
    pub what: String,
}

/// What is remembered while it is played.
#[derive(Debug)]
struct Memory {
    draws: Draws,
    moved_s: i64,
    tokens_at_s: i64,
    cast: Vec<Who>,
    services: usize,
    alarms: BTreeMap<i32, usize>,
}

/// A centre of its own on a house.
pub struct Stage<'a> {
    house: &'a House,
    centre: Uuid,
    channel: Channel,
    begun: Instant,
    memory: Mutex<Memory>,
    tell: &'a (dyn Fn(&Line) + Sync),
    /// The administrator.
    pub(crate) administrator: Who,
    /// The channel adapter.
    pub(crate) adapter: Who,
    /// A supervisor who sees every alert.
    watch: Who,
}

impl std::fmt::Debug for Stage<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Stage").field("centre", &self.centre).finish_non_exhaustive()
    }
}

impl<'a> Stage<'a> {
    /// A centre of a house that is served on a channel.
    ///
    /// # Errors
    /// What a command said, or the server's refusal.
    pub async fn set(
        house: &'a House,
        channel: Channel,
        seed: u64,
        tell: &'a (dyn Fn(&Line) + Sync),
    ) -> Result<Self> {
        let centre = house.create_centre("Demo helpline")?;
        let token = house.create_token(centre, "administrator", "Demo administrator")?;
        let nobody = || [String::new(), String::new()];
        let client = Client::new(channel.clone(), &token)?;
        let administrator = Who::new("Administrator", Role::Administrator, nobody(), client.clone());
        let adapter = Who::new("Adapter", Role::ChannelAdapter, nobody(), client.clone());
        let watch = Who::new("Supervisor", Role::Supervisor, nobody(), client);
        let cast = vec![adapter.clone(), watch.clone()];
        let draws = Draws::new(seed, 1);
        let memory = Memory { draws, moved_s: 0, tokens_at_s: 0, cast, services: 0, alarms: BTreeMap::new() };
        let stage = Self {
            house,
            centre,
            channel,
            begun: Instant::now(),
            memory: Mutex::new(memory),
            tell,
            administrator,
            adapter,
            watch,
        };
        for who in [&stage.adapter, &stage.watch] {
            stage.give_token(who).await?;
        }
        Ok(stage)
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An id for a request.
    pub(crate) fn id(&self) -> String {
        self.memory().draws.id()
    }

    /// An id for a service, which no other has.
    pub(crate) fn service_id(&self) -> String {
        let mut memory = self.memory();
        memory.services += 1;
        format!("00000001-0000-4000-8000-{:012}", memory.services)
    }

    /// Tells what somebody did.
    pub(crate) fn tell(&self, who: &Who, what: impl Into<String>) {
        self.tell_of(who.name(), what);
    }

    /// Tells what happened without anybody.
    pub(crate) fn tell_of(&self, who: &'static str, what: impl Into<String>) {
        (self.tell)(&Line { at: self.elapsed(), who, what: what.into() });
    }

    fn elapsed(&self) -> i64 {
        self.memory().moved_s + i64::try_from(self.begun.elapsed().as_secs()).unwrap_or(i64::MAX)
    }

    /// The database's time, so many seconds from now.
    #[expect(clippy::disallowed_methods, reason = "the clock that is moved counts from the machine's")]
    pub(crate) fn later(&self, seconds: i64) -> Timestamp {
        let mut at = Timestamp::from(SystemTime::now());
        at.seconds += self.memory().moved_s + seconds;
        at.nanos = 0;
        at
    }

    /// The day so many seconds from now, as `YYYY-MM-DD`.
    pub(crate) fn date(&self, seconds: i64) -> String {
        // A timestamp is written as RFC 3339 writes it, with the day first.
        self.later(seconds).to_string().chars().take(10).collect()
    }

    /// Time passes.
    pub(crate) async fn wait(&self, seconds: i64) -> Result<()> {
        tokio::task::block_in_place(|| self.house.move_clock(seconds))?;
        let renews = {
            let mut memory = self.memory();
            memory.moved_s += seconds;
            let renews = memory.moved_s - memory.tokens_at_s > NEW_TOKENS_S;
            if renews {
                memory.tokens_at_s = memory.moved_s;
            }
            renews
        };
        if renews { self.new_tokens().await } else { Ok(()) }
    }

    /// Nobody's token lasts for years.
    async fn new_tokens(&self) -> Result<()> {
        let token = tokio::task::block_in_place(|| {
            self.house.create_token(self.centre, "administrator", "Demo administrator")
        })?;
        self.administrator.renew(Client::new(self.channel.clone(), &token)?);
        let cast = self.memory().cast.clone();
        for who in cast {
            self.give_token(&who).await?;
        }
        Ok(())
    }

    async fn give_token(&self, who: &Who) -> Result<()> {
        let request = CreateTokenRequest {
            request_id: self.id(),
            role: who.role().into(),
            label: who.name().to_owned(),
            counsellor_id: who.counsellor_id(),
            agency_id: who.agency_id(),
            lifetime: Some(prost_types::Duration { seconds: TOKEN_LIFE_S, nanos: 0 }),
        };
        let answer = does!(self.administrator, tokens.create_token, request);
        who.renew(Client::new(self.channel.clone(), &answer.secret)?);
        Ok(())
    }

    async fn joins(&self, name: &'static str, role: Role, ids: [String; 2]) -> Result<Who> {
        let who = Who::new(name, role, ids, self.administrator.client());
        self.give_token(&who).await?;
        self.memory().cast.push(who.clone());
        Ok(who)
    }

    /// A supervisor.
    pub(crate) async fn supervisor(&self, name: &'static str) -> Result<Who> {
        self.joins(name, Role::Supervisor, [String::new(), String::new()]).await
    }

    /// A counsellor who speaks these languages.
    pub(crate) async fn counsellor(&self, name: &'static str, languages: &[&str]) -> Result<Who> {
        let counsellor = Counsellor {
            display_name: name.to_owned(),
            languages: languages.iter().map(|&tag| tag.to_owned()).collect(),
            capacity: Some(Capacity { voice: 1, chats: 2, messages: 5 }),
            ..Counsellor::default()
        };
        let request = CreateCounsellorRequest { request_id: self.id(), counsellor: Some(counsellor) };
        let made = given!(does!(self.administrator, counsellors.create_counsellor, request), counsellor);
        self.joins(name, Role::Counsellor, [made.counsellor_id, String::new()]).await
    }

    /// Somebody of an agency that may be told these classes.
    pub(crate) async fn agency(
        &self,
        name: &'static str,
        kind: AgencyKind,
        may_know: &[FieldClass],
    ) -> Result<Who> {
        let field_classes = may_know.iter().map(|&class| class.into()).collect();
        let display_name = name.to_owned();
        self.partner(name, Agency { display_name, kind: kind.into(), field_classes, ..Agency::default() })
            .await
    }

    /// Somebody of the mission of a country.
    pub(crate) async fn embassy(
        &self,
        name: &'static str,
        country: &str,
        may_know: &[FieldClass],
    ) -> Result<Who> {
        let agency = Agency {
            display_name: name.to_owned(),
            kind: AgencyKind::Embassy.into(),
            country: country.to_owned(),
            field_classes: may_know.iter().map(|&class| class.into()).collect(),
            ..Agency::default()
        };
        self.partner(name, agency).await
    }

    async fn partner(&self, name: &'static str, agency: Agency) -> Result<Who> {
        let request = CreateAgencyRequest { request_id: self.id(), agency: Some(agency) };
        let made = given!(does!(self.administrator, agencies.create_agency, request), agency);
        self.joins(name, Role::AgencyResponder, [String::new(), made.agency_id]).await
    }

    /// The engineer imports services.
    pub(crate) fn import(&self, package: &Path) -> Result<()> {
        tokio::task::block_in_place(|| self.house.import_services(self.centre, package))
    }

    /// Where files may be written.
    pub(crate) fn directory(&self) -> &Path {
        self.house.log_directory()
    }

    /// The administrator changes the settings.
    pub(crate) async fn settle(&self, change: impl FnOnce(&mut Settings)) -> Result<()> {
        let asked = does!(self.administrator, centre.get_settings, GetSettingsRequest::default());
        let mut settings = given!(asked, settings);
        change(&mut settings);
        let request =
            PublishSettingsRequest { request_id: self.id(), settings: Some(settings), expected_version: 0 };
        does!(self.administrator, centre.publish_settings, request);
        Ok(())
    }

    /// Waits until something is there that the helpline does by itself.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        mut look: impl AsyncFnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let begun = Instant::now();
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            ensure!(begun.elapsed() < PATIENCE, "not in time: {what}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// An alarm that is due now fires; which it is. [`Stage::close`] asks that it has fired no more often than it was waited for.
    pub(crate) async fn alarm(&self, kind: AlertKind) -> Result<Alert> {
        let count = {
            let mut memory = self.memory();
            let count = memory.alarms.entry(kind.into()).or_default();
            *count += 1;
            *count
        };
        self.until(kind.as_str_name(), async || {
            let mut of_kind = self.alerts().await?;
            of_kind.retain(|alert| alert.kind() == kind);
            Ok((of_kind.len() >= count).then(|| of_kind.swap_remove(0)))
        })
        .await
    }

    /// Every alert, the latest first.
    async fn alerts(&self) -> Result<Vec<Alert>> {
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListAlertsRequest { page_size: 500, page_token, open_only: false };
            let page = does!(self.watch, supervision.list_alerts, request);
            all.extend(page.alerts);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }

    /// Each alarm that was due has fired once, and no other: none of two that were due twice in place of the other, and none later, when
    /// the clock has been looked at again.
    pub(crate) async fn close(&self) -> Result<()> {
        tokio::time::sleep(AGAIN).await;
        let mut fired = BTreeMap::<i32, usize>::new();
        let mut about = BTreeSet::new();
        for alert in self.alerts().await? {
            *fired.entry(alert.kind).or_default() += 1;
            ensure!(
                about.insert(format!("{:?}", subject(&alert))),
                "an alarm fired twice: {}",
                alert.kind().as_str_name()
            );
        }
        let expected = self.memory().alarms.clone();
        if fired != expected {
            let named = |alarms: BTreeMap<i32, usize>| {
                let name = |(kind, count): (i32, usize)| {
                    let kind = AlertKind::try_from(kind).map_or("?", |kind| kind.as_str_name());
                    format!("{count} {kind}")
                };
                alarms.into_iter().map(name).collect::<Vec<_>>().join(", ")
            };
            bail!("alarms that fired: {}; that were due: {}", named(fired), named(expected));
        }
        let count: usize = expected.values().sum();
        self.tell_of("Helpline", format!("every alarm that was due has fired once: {count} in all"));
        Ok(())
    }
}

/// What an alarm is about, and nothing of when and how.
fn subject(alert: &Alert) -> Alert {
    Alert {
        alert_id: String::new(),
        grave: false,
        open_time: None,
        close_time: None,
        acknowledge_time: None,
        acknowledged_by: String::new(),
        revision: 0,
        ..alert.clone()
    }
}
