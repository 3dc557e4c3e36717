//! What all players of one play share: the speed, the news, the end.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use helpline_proto::terms::v1::Channel;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::speed::Speed;

/// What an emergency is called where a contact has its channel.
const EMERGENCY: &str = "emergency";
/// The same of a referral.
const REFERRAL: &str = "referral";

/// Something that a player did or saw, for the screen. Carries no text and no identifier of a person.
#[derive(Clone, Debug)]
pub struct News {
    /// Seconds of the helpline's time since the beginning.
    pub at: f64,
    /// The end of a contact's id, or the number of an emergency or a referral.
    pub about: String,
    /// How the contact came, or that it is an emergency or a referral.
    pub kind: &'static str,
    /// What happened.
    pub what: String,
}

impl News {
    /// Whether it is a step of a story: of an emergency or a referral.
    pub fn is_story(&self) -> bool {
        matches!(self.kind, EMERGENCY | REFERRAL)
    }
}

impl fmt::Display for News {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = crate::screen::clock(self.at);
        write!(formatter, "{clock}  {:<7}  {:<9}  {}", self.about, self.kind, self.what)
    }
}

/// A channel in a word.
pub fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Unspecified => "?",
        Channel::Voice => "voice",
        Channel::WebChat => "web chat",
        Channel::Sms => "sms",
        Channel::Whatsapp => "whatsapp",
        Channel::Telegram => "telegram",
        Channel::Email => "e-mail",
        Channel::WalkIn => "walk-in",
        Channel::Letter => "letter",
    }
}

/// How a contact is named on the screen: the end of its id, which is random in every version of ids.
pub fn short(id: &str) -> String {
    id.chars().skip(id.chars().count().saturating_sub(6)).collect()
}

/// The stage on which everybody plays.
#[derive(Debug)]
pub struct Scene {
    /// How fast time runs.
    pub speed: Speed,
    begun: Instant,
    news: mpsc::UnboundedSender<News>,
    doors: CancellationToken,
    stop: CancellationToken,
    players: TaskTracker,
    taken_in: AtomicU64,
    unanswered: AtomicU64,
    referring: AtomicBool,
    referred: AtomicU64,
    referrals_ended: AtomicU64,
    raised: AtomicU64,
    ended: AtomicU64,
}

impl Scene {
    /// An empty stage, and where its news arrive.
    pub fn new(speed: Speed) -> (Self, mpsc::UnboundedReceiver<News>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let scene = Self {
            speed,
            begun: Instant::now(),
            news: sender,
            doors: stop.child_token(),
            stop,
            players: TaskTracker::new(),
            taken_in: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            referring: AtomicBool::new(false),
            referred: AtomicU64::new(0),
            referrals_ended: AtomicU64::new(0),
            raised: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        };
        (scene, receiver)
    }

    /// Seconds of the helpline's time since the beginning.
    pub fn now(&self) -> f64 {
        self.speed.of_line(self.begun.elapsed())
    }

    /// Tells what happened to a contact.
    pub fn tell(&self, contact: &str, channel: Channel, what: impl Into<String>) {
        self.send(short(contact), channel_name(channel), what.into());
    }

    /// Tells what happened in the emergency with this number.
    pub fn tell_of_emergency(&self, number: i64, what: impl Into<String>) {
        self.send(number.to_string(), EMERGENCY, what.into());
    }

    /// Tells what happened to the referral with this number.
    pub fn tell_of_referral(&self, number: i64, what: impl Into<String>) {
        self.send(number.to_string(), REFERRAL, what.into());
    }

    fn send(&self, about: String, kind: &'static str, what: String) {
        // Nobody may be listening any longer.
        let _ = self.news.send(News { at: self.now(), about, kind, what });
    }

    /// Notes that the server has acknowledged a new contact.
    pub fn note_taken_in(&self) {
        self.taken_in.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a contact may or may not have been taken in: the server never answered.
    pub fn note_unanswered(&self) {
        self.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// New contacts that the server has acknowledged, and those it never answered about.
    pub fn counts(&self) -> (u64, u64) {
        (self.taken_in.load(Ordering::Relaxed), self.unanswered.load(Ordering::Relaxed))
    }

    /// Whether this is the one child of the play who is referred: the first of whom it is asked.
    pub fn refers(&self) -> bool {
        self.is_open() && !self.referring.swap(true, Ordering::Relaxed)
    }

    /// Notes that a child is referred.
    pub fn note_referred(&self) {
        self.referred.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a referral is over, or that whoever referred has left.
    pub fn note_referral_ended(&self) {
        self.referrals_ended.fetch_add(1, Ordering::Relaxed);
    }

    /// Children who were referred, and of how many that is over.
    pub fn referrals(&self) -> (u64, u64) {
        (self.referred.load(Ordering::Relaxed), self.referrals_ended.load(Ordering::Relaxed))
    }

    /// Notes that an emergency was raised.
    pub fn note_raised(&self) {
        self.raised.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that an emergency is over, or that whoever raised it has left.
    pub fn note_ended(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// Emergencies that were raised, and how many of them are over.
    pub fn emergencies(&self) -> (u64, u64) {
        (self.raised.load(Ordering::Relaxed), self.ended.load(Ordering::Relaxed))
    }

    /// Nobody comes any more; who is there goes on.
    pub fn close_doors(&self) {
        self.doors.cancel();
    }

    /// Whether anybody may still come.
    pub fn is_open(&self) -> bool {
        !self.doors.is_cancelled()
    }

    /// Lets a player play.
    pub fn play(&self, player: impl Future<Output = ()> + Send + 'static) {
        self.players.spawn(player);
    }

    /// Whether the play is over.
    pub fn is_over(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// The end, to be waited for.
    pub fn end(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Waits for seconds of the helpline's time; false when the play ended meanwhile.
    pub async fn pause(&self, seconds: f64) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(self.speed.real(seconds)) => true,
        }
    }

    /// The same while the doors are open; false when they were closed meanwhile.
    pub async fn pause_while_open(&self, seconds: f64) -> bool {
        tokio::select! {
            biased;
            () = self.doors.cancelled() => false,
            went_on = self.pause(seconds) => went_on,
        }
    }

    /// Ends the play: players finish the call they are in, then leave.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.players.close();
        // A call is tried for half a minute at most when the server is away.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(40), self.players.wait()).await;
    }
}
