//! Tells an e-mail address that there is something to look at, and nothing more: mail is read by others on its way.

use std::time::Duration;

use helpline_service_kit::config;
use helpline_store::delivery::sending::Outgoing;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use crate::ChannelsError;
use crate::webhook::Told;

/// The same for every escalation and every referral.
const SUBJECT: &str = "Helpline · مركز المساندة · Телефон доверия";
const TEXT: &str = "Something in Helpline needs you now. Please sign in.\n\n\
    هناك أمر في النظام يحتاج إليك الآن. يرجى تسجيل الدخول.\n\n\
    В системе есть срочное обращение для вас. Пожалуйста, войдите.\n";

/// The same with a link, which is on a line of its own so that no mail client breaks it.
const WITH_LINK: &str = "Something in Helpline needs you now. The page below says what. The link works once, and until tomorrow; \
    please do not forward it.\n\n\
    هناك أمر في النظام يحتاج إليك الآن. الصفحة أدناه توضّحه. يعمل الرابط مرة واحدة وحتى الغد؛ يرجى عدم إعادة إرساله.\n\n\
    В системе есть срочное обращение для вас. Подробности — на странице по ссылке ниже. Ссылка открывается один раз и \
    действует до завтра; пожалуйста, не пересылайте её.\n\n";

/// When nothing is left to be looked at.
const TAKEN_BACK: &str = "Something that Helpline asked of you is no longer needed. There is nothing for you to do.\n\n\
    أمر كان مطلوبًا منكم لم يعد مطلوبًا. لا يلزمكم القيام بأي شيء.\n\n\
    То, о чём вас просили, больше не требуется. Делать ничего не нужно.\n";

/// The mail server of the centre.
#[derive(Clone, Debug)]
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
}

impl Mail {
    /// The mail server of the configuration, if it names one. Error: its URL or the sender's address cannot be used.
    pub fn new(config: &config::Channels) -> Result<Option<Self>, ChannelsError> {
        if config.smtp.is_empty() {
            return Ok(None);
        }
        let url = config.smtp.expose();
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| ChannelsError::Smtp)?;
        let from = config.mail_from.parse().map_err(|_| ChannelsError::MailFrom)?;
        Ok(Some(Self { transport: builder.timeout(Some(Duration::from_secs(10))).build(), from }))
    }

    /// Hands the mail of a delivery to the server, under an id that stays the same. It has arrived when the server has it.
    pub(crate) async fn tell(&self, outgoing: &Outgoing, address: &str, link: Option<&str>) -> Told {
        let Ok(to) = address.parse::<Address>() else { return Told::Never("address_refused") };
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", outgoing.delivery_id, self.from.domain())))
            .from(Mailbox::new(None, self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(SUBJECT)
            .header(ContentType::TEXT_PLAIN)
            .body(match link {
                Some(link) => format!("{WITH_LINK}{link}\n"),
                None if outgoing.is_withdrawal() => TAKEN_BACK.to_owned(),
                None => TEXT.to_owned(),
            });
        let Ok(message) = message else { return Told::Never("address_refused") };
        let sent = tokio::time::timeout(outgoing.hurry.patience(), self.transport.send(message)).await;
        match sent {
            Ok(Ok(_)) => Told::Arrived("smtp_accepted".to_owned()),
            Ok(Err(error)) if error.is_permanent() => Told::Never("smtp_refused"),
            Ok(Err(error)) if error.is_transient() => Told::not_now("smtp_not_now"),
            Ok(Err(error)) if !error.is_timeout() => Told::not_now("smtp_broken_off"),
            _ => Told::not_now("timed_out"),
        }
    }
}
