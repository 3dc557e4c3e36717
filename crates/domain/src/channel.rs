//! Channels, and the kind of capacity each takes.

use serde::{Deserialize, Serialize};

/// How a contact reached the helpline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A voice call.
    Voice,
    /// A chat on the helpline's own page or app.
    WebChat,
    /// SMS.
    Sms,
    /// WhatsApp.
    Whatsapp,
    /// Telegram.
    Telegram,
    /// E-mail.
    Email,
    /// A person at the door.
    WalkIn,
    /// A letter on paper.
    Letter,
}

/// The kind of capacity a contact takes of a counsellor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// Speech: excludes everything else.
    Voice,
    /// A chat in real time.
    Chat,
    /// Messages that may wait for minutes.
    Message,
}

impl Medium {
    /// Every medium.
    pub const ALL: [Self; 3] = [Self::Voice, Self::Chat, Self::Message];

    /// The stable key under which the medium is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Chat => "chat",
            Self::Message => "message",
        }
    }
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 8] = [
        Self::Voice,
        Self::WebChat,
        Self::Sms,
        Self::Whatsapp,
        Self::Telegram,
        Self::Email,
        Self::WalkIn,
        Self::Letter,
    ];

    /// The stable key under which the channel is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::WebChat => "web_chat",
            Self::Sms => "sms",
            Self::Whatsapp => "whatsapp",
            Self::Telegram => "telegram",
            Self::Email => "email",
            Self::WalkIn => "walk_in",
            Self::Letter => "letter",
        }
    }

    /// The channel with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.key() == key)
    }

    /// The kind of capacity a contact on this channel takes.
    pub const fn medium(self) -> Medium {
        match self {
            Self::Voice | Self::WalkIn => Medium::Voice,
            Self::WebChat => Medium::Chat,
            Self::Sms | Self::Whatsapp | Self::Telegram | Self::Email | Self::Letter => Medium::Message,
        }
    }

    /// Whether nobody looks at a screen until the answer comes: an SMS, an e-mail, a letter. Messengers are not among them.
    /// Who writes there sees that the message was read, and waits for the answer as in a chat.
    pub const fn is_asynchronous(self) -> bool {
        matches!(self, Self::Sms | Self::Email | Self::Letter)
    }

    /// Whether the contact is a conversation by messages, of which a sender has at most one open. Behind one telephone
    /// there may be a school full of children: two calls from it are two contacts.
    pub const fn one_open_per_sender(self) -> bool {
        !matches!(self, Self::Voice | Self::WalkIn | Self::Letter)
    }
}
