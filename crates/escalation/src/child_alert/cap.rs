//! Documents of the Common Alerting Protocol 1.2, written as its schema and the rules beside it have them.

use std::io;

use chrono::{DateTime, Utc};
use helpline_domain::child_alert::{Event, MessageKind, Scope};
use helpline_domain::id::ChildAlertId;
use helpline_store::escalation::child_alert::{ChildAlert, Content, Info, Recipient, Surroundings};
use helpline_vault::Sensitive;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event as Part};

const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";
/// Somebody is to be found.
const CATEGORY: &str = "Rescue";

type Xml = Writer<Vec<u8>>;

/// Who sent a message, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Issued<'a> {
    sender: &'a str,
    sent_at: DateTime<Utc>,
}

impl<'a> Issued<'a> {
    /// Of a message that was issued.
    pub(crate) fn of(message: &'a ChildAlert) -> Option<Self> {
        message.sender.as_deref().zip(message.sent_at).map(|(sender, sent_at)| Self { sender, sent_at })
    }
}

/// What stands above what a document says.
struct Heading<'a> {
    identifier: String,
    sender: &'a str,
    sent_at: DateTime<Utc>,
    exercise: bool,
    kind: &'static str,
    scope: Scope,
    restriction: &'a str,
    addresses: String,
    note: &'static str,
    references: String,
}

/// The document of a message.
pub(crate) fn message(message: &ChildAlert, issued: Issued<'_>, around: &Surroundings) -> io::Result<String> {
    let content = message.content.as_ref().map(Sensitive::expose);
    let heading = Heading {
        identifier: message.alert_id.to_string(),
        sender: issued.sender,
        sent_at: issued.sent_at,
        exercise: message.exercise,
        kind: match message.kind {
            MessageKind::Alert => "Alert",
            MessageKind::Update => "Update",
            MessageKind::Cancel => "Cancel",
        },
        // A cancel has no text to hand on, so nobody need be asked whether they may.
        scope: if content.is_some() { message.scope } else { Scope::Private },
        restriction: content.map_or("", |content| content.restriction.as_str()),
        // Nobody learns from their copy who else has one.
        addresses: joined(message.recipients.iter().map(|one| one.agency_id.to_string())),
        note: message.cancel_reason.map_or("", |reason| reason.note()),
        references: joined(around.earlier.iter().map(|(sender, id, at)| reference(sender, *id, *at))),
    };
    document(&heading, |xml| {
        let Some(content) = content else { return Ok(()) };
        for said in &content.infos {
            within(xml, "info", |xml| info(xml, said, content, issued, message.expires_at, &around.centre))?;
        }
        Ok(())
    })
}

/// What an agency says who has taken a message on: that it has it, to who sent it. Nothing before it was acknowledged.
pub(crate) fn acknowledgement(
    message: &ChildAlert,
    issued: Issued<'_>,
    receipt: &Recipient,
) -> Option<io::Result<String>> {
    let (identifier, sent_at) = receipt.receipt_id.zip(receipt.acknowledged_at)?;
    let agency = receipt.agency_id.to_string();
    let heading = Heading {
        identifier: identifier.to_string(),
        sender: &agency,
        sent_at,
        exercise: message.exercise,
        kind: "Ack",
        scope: Scope::Private,
        restriction: "",
        addresses: issued.sender.to_owned(),
        note: "",
        references: reference(issued.sender, message.alert_id, issued.sent_at),
    };
    Some(document(&heading, |_| Ok(())))
}

fn document(heading: &Heading<'_>, body: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Part::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("alert").with_attribute(("xmlns", NAMESPACE)).write_inner_content(|xml| {
        text(xml, "identifier", &heading.identifier)?;
        text(xml, "sender", heading.sender)?;
        text(xml, "sent", &time(heading.sent_at))?;
        text(xml, "status", if heading.exercise { "Exercise" } else { "Actual" })?;
        text(xml, "msgType", heading.kind)?;
        text(xml, "scope", heading.scope.key())?;
        if heading.scope == Scope::Restricted {
            text(xml, "restriction", heading.restriction)?;
        } else {
            text(xml, "addresses", &heading.addresses)?;
        }
        some(xml, "note", heading.note)?;
        some(xml, "references", &heading.references)?;
        body(xml)
    })?;
    String::from_utf8(xml.into_inner()).map_err(io::Error::other)
}

fn info(
    xml: &mut Xml,
    said: &Info,
    content: &Content,
    issued: Issued<'_>,
    expires_at: Option<DateTime<Utc>>,
    centre: &str,
) -> io::Result<()> {
    text(xml, "language", &said.language)?;
    text(xml, "category", CATEGORY)?;
    text(xml, "event", &said.event)?;
    text(xml, "urgency", content.urgency.key())?;
    text(xml, "severity", content.severity.key())?;
    text(xml, "certainty", content.certainty.key())?;
    some(xml, "audience", &said.audience)?;
    // Of the codes that broadcasters know, one is for the abduction of a child and none for a child who is missing.
    if content.event == Event::ChildAbduction {
        within(xml, "eventCode", |xml| named(xml, "SAME", "CAE"))?;
    }
    text(xml, "effective", &time(issued.sent_at))?;
    some(xml, "expires", &expires_at.map(time).unwrap_or_default())?;
    some(xml, "senderName", centre)?;
    text(xml, "headline", &said.headline)?;
    text(xml, "description", &said.description)?;
    some(xml, "instruction", &said.instruction)?;
    some(xml, "contact", &said.contact)?;
    if said.area_description.is_empty() {
        return Ok(());
    }
    within(xml, "area", |xml| {
        text(xml, "areaDesc", &said.area_description)?;
        for polygon in &content.area.polygons {
            text(xml, "polygon", polygon)?;
        }
        for circle in &content.area.circles {
            text(xml, "circle", circle)?;
        }
        for (name, value) in &content.area.geocodes {
            within(xml, "geocode", |xml| named(xml, name, value))?;
        }
        Ok(())
    })
}

/// An earlier message, as others name it.
fn reference(sender: &str, id: ChildAlertId, at: DateTime<Utc>) -> String {
    format!("{sender},{id},{}", time(at))
}

/// With its offset: the standard writes that of universal time as `-00:00`, and knows no `Z` and no fractions.
fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S-00:00").to_string()
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

fn within(
    xml: &mut Xml,
    name: &'static str,
    body: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    xml.create_element(name).write_inner_content(body).map(drop)
}

fn named(xml: &mut Xml, name: &str, value: &str) -> io::Result<()> {
    text(xml, "valueName", name)?;
    text(xml, "value", value)
}

fn text(xml: &mut Xml, name: &'static str, value: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(value)).map(drop)
}

/// Nothing for the empty text.
fn some(xml: &mut Xml, name: &'static str, value: &str) -> io::Result<()> {
    if value.is_empty() { Ok(()) } else { text(xml, name, value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_three_parts_and_a_time_with_its_offset() {
        let at = DateTime::from_timestamp(1_767_225_600, 999_999_999).unwrap();
        let id = ChildAlertId::from(uuid::Uuid::from_u128(7));
        assert_eq!(
            reference("helpline.example.org", id, at),
            "helpline.example.org,00000000-0000-0000-0000-000000000007,2026-01-01T00:00:00-00:00"
        );
    }

    #[test]
    fn what_somebody_wrote_cannot_become_markup() {
        let mut xml = Writer::new(Vec::new());
        text(&mut xml, "headline", "</headline><note>&]]>\r").unwrap();
        some(&mut xml, "note", "").unwrap();
        let written = String::from_utf8(xml.into_inner()).unwrap();
        assert_eq!(written, "<headline>&lt;/headline&gt;&lt;note&gt;&amp;]]&gt;&#13;</headline>");
    }
}
