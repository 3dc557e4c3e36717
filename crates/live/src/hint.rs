//! Wake-ups between processes. A hint may be lost, doubled or late; it says where to look, never what is there.

use futures_util::StreamExt as _;
use helpline_domain::id::{CentreId, ContactId, CounsellorId};
use uuid::Uuid;

use crate::connection::{Live, LiveError};
use crate::keys::HINTS;

/// Where to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hint {
    /// Somebody came into a centre's line, or became free.
    Line(CentreId),
    /// A counsellor's offers or presence changed.
    Counsellor(CentreId, CounsellorId),
    /// A contact or its messages changed.
    Contact(CentreId, ContactId),
    /// Who is on shift, what they can do, the settings or a token changed.
    Roster(CentreId),
    /// An escalation changed, or what somebody may know of one.
    Escalations(CentreId),
}

impl Hint {
    /// The hint as it travels: who sent it, what it is about.
    pub(crate) fn text(&self, origin: Uuid) -> String {
        match self {
            Self::Line(centre) => format!("{origin} line {centre}"),
            Self::Counsellor(centre, counsellor) => format!("{origin} counsellor {centre} {counsellor}"),
            Self::Contact(centre, contact) => format!("{origin} contact {centre} {contact}"),
            Self::Roster(centre) => format!("{origin} roster {centre}"),
            Self::Escalations(centre) => format!("{origin} escalations {centre}"),
        }
    }

    fn parse(text: &str, own: Uuid) -> Option<Self> {
        let mut words = text.split(' ');
        if words.next()? == own.to_string() {
            return None;
        }
        let kind = words.next()?;
        let centre: CentreId = words.next()?.parse().ok()?;
        match kind {
            "line" => Some(Self::Line(centre)),
            "counsellor" => Some(Self::Counsellor(centre, words.next()?.parse().ok()?)),
            "contact" => Some(Self::Contact(centre, words.next()?.parse().ok()?)),
            "roster" => Some(Self::Roster(centre)),
            "escalations" => Some(Self::Escalations(centre)),
            _ => None,
        }
    }
}

impl Live {
    /// Wakes the other processes.
    pub async fn send(&self, hint: Hint) -> Result<(), LiveError> {
        self.command::<i64>(redis::cmd("PUBLISH").arg(HINTS).arg(hint.text(self.origin()))).await.map(drop)
    }

    /// Listens to the hints of other processes until the connection breaks; `on_hint` is called for each, and first,
    /// once the subscription stands, with `None`: whatever came before was not heard.
    pub async fn listen(&self, mut on_hint: impl FnMut(Option<Hint>) + Send) -> Result<(), LiveError> {
        let mut subscription = self.client()?.get_async_pubsub().await.map_err(|_| LiveError::Away)?;
        subscription.subscribe(HINTS).await.map_err(|_| LiveError::Away)?;
        on_hint(None);
        let mut messages = subscription.on_message();
        while let Some(message) = messages.next().await {
            if let Ok(text) = message.get_payload::<String>()
                && let Some(hint) = Hint::parse(&text, self.origin())
            {
                on_hint(Some(hint));
            }
        }
        Err(LiveError::Away)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_does_not_listen_to_itself() {
        let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let hint = Hint::Counsellor(Uuid::from_u128(3).into(), Uuid::from_u128(4).into());
        assert_eq!(Hint::parse(&hint.text(other), own), Some(hint));
        assert_eq!(Hint::parse(&hint.text(own), own), None);
        assert_eq!(Hint::parse("rubbish", own), None);
    }
}
