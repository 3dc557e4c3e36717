//! What all players of one play share: the speed, the news, the end.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use helpline_proto::terms::v1::Channel;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::speed::Speed;

/// Something that a player did or saw, for the screen. Carries no text and no identifier of a person.
#[derive(Clone, Debug)]
pub struct News {
    /// Seconds of the helpline's time since the beginning.
    pub at: f64,
    /// The first characters of the contact's id.
    pub contact: String,
    /// How it came.
    pub channel: Channel,
    /// What happened.
    pub what: String,
}

impl fmt::Display for News {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = crate::screen::clock(self.at);
        write!(formatter, "{clock}  {}  {:<8}  {}", self.contact, channel_name(self.channel), self.what)
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

/// The stage on which children and counsellors play.
#[derive(Debug)]
pub struct Scene {
    /// How fast time runs.
    pub speed: Speed,
    begun: Instant,
    news: mpsc::UnboundedSender<News>,
    stop: CancellationToken,
    players: TaskTracker,
    taken_in: AtomicU64,
    unanswered: AtomicU64,
}

impl Scene {
    /// An empty stage, and where its news arrive.
    pub fn new(speed: Speed) -> (Self, mpsc::UnboundedReceiver<News>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let scene = Self {
            speed,
            begun: Instant::now(),
            news: sender,
            stop: CancellationToken::new(),
            players: TaskTracker::new(),
            taken_in: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
        };
        (scene, receiver)
    }

    /// Seconds of the helpline's time since the beginning.
    pub fn now(&self) -> f64 {
        self.speed.of_line(self.begun.elapsed())
    }

    /// Tells what happened to a contact.
    pub fn tell(&self, contact: &str, channel: Channel, what: impl Into<String>) {
        let news = News { at: self.now(), contact: short(contact), channel, what: what.into() };
        // Nobody may be listening any longer.
        let _ = self.news.send(news);
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

    /// Ends the play: players finish the call they are in, then leave.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.players.close();
        // A call is tried for half a minute at most when the server is away.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(40), self.players.wait()).await;
    }
}
