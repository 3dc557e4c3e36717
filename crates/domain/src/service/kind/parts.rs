//! What belongs to an organisation, a service or a place.

use super::fields::{
    ANY, ATTRIBUTES, DAYS, ID, NAME, OF_LOCATION, OF_ORGANIZATION, OF_SERVICE, OF_SERVICE_AT_LOCATION,
    PLACE_KINDS, field, need, text, to,
};
use super::{Kind, Shape, Table};

pub(super) const ADDRESS: Table = Table {
    kind: Kind::Address,
    key: "address",
    file: "addresses",
    fields: &[
        ID,
        OF_LOCATION,
        text("attention"),
        text("address_1"),
        text("address_2"),
        text("city"),
        text("region"),
        text("state_province"),
        text("postal_code"),
        text("country"),
        need("address_type", PLACE_KINDS),
    ],
    parts: &[ATTRIBUTES],
    ones: &[],
};

pub(super) const CONTACT: Table = Table {
    kind: Kind::Contact,
    key: "contact",
    file: "contacts",
    fields: &[
        ID,
        OF_ORGANIZATION,
        OF_SERVICE,
        OF_SERVICE_AT_LOCATION,
        OF_LOCATION,
        text("name"),
        text("title"),
        text("department"),
        field("email", Shape::Email),
    ],
    parts: &[("phones", Kind::Phone), ATTRIBUTES],
    ones: &[],
};

pub(super) const PHONE: Table = Table {
    kind: Kind::Phone,
    key: "phone",
    file: "phones",
    fields: &[
        ID,
        OF_LOCATION,
        OF_SERVICE,
        OF_ORGANIZATION,
        to("contact_id", Kind::Contact),
        OF_SERVICE_AT_LOCATION,
        need("number", Shape::Text),
        field("extension", Shape::Number(0.0, ANY)),
        text("type"),
        text("description"),
    ],
    parts: &[("languages", Kind::Language), ATTRIBUTES],
    ones: &[],
};

pub(super) const SCHEDULE: Table = Table {
    kind: Kind::Schedule,
    key: "schedule",
    file: "schedules",
    fields: &[
        ID,
        OF_SERVICE,
        OF_LOCATION,
        OF_SERVICE_AT_LOCATION,
        field("valid_from", Shape::Date),
        field("valid_to", Shape::Date),
        field("dtstart", Shape::Date),
        field("timezone", Shape::Number(-12.0, 14.0)),
        field("until", Shape::Date),
        field("count", Shape::Number(1.0, ANY)),
        field("wkst", DAYS),
        field("freq", Shape::Choice(&["WEEKLY", "MONTHLY"])),
        field("interval", Shape::Number(1.0, 1000.0)),
        text("byday"),
        text("byweekno"),
        text("bymonthday"),
        text("byyearday"),
        text("description"),
        field("opens_at", Shape::Time),
        field("closes_at", Shape::Time),
        field("schedule_link", Shape::Url),
        text("attending_type"),
        text("notes"),
    ],
    parts: &[ATTRIBUTES],
    ones: &[],
};

pub(super) const SERVICE_AREA: Table = Table {
    kind: Kind::ServiceArea,
    key: "service_area",
    file: "service_areas",
    fields: &[
        ID,
        OF_SERVICE,
        text("name"),
        text("description"),
        text("extent"),
        text("extent_type"),
        field("uri", Shape::Url),
    ],
    parts: &[ATTRIBUTES],
    ones: &[],
};

pub(super) const LANGUAGE: Table = Table {
    kind: Kind::Language,
    key: "language",
    file: "languages",
    fields: &[
        ID,
        OF_SERVICE,
        OF_LOCATION,
        to("phone_id", Kind::Phone),
        text("name"),
        text("code"),
        text("note"),
    ],
    parts: &[ATTRIBUTES],
    ones: &[],
};

pub(super) const FUNDING: Table = Table {
    kind: Kind::Funding,
    key: "funding",
    file: "funding",
    fields: &[ID, OF_ORGANIZATION, OF_SERVICE, text("source")],
    parts: &[ATTRIBUTES],
    ones: &[],
};

pub(super) const ACCESSIBILITY: Table = Table {
    kind: Kind::Accessibility,
    key: "accessibility",
    file: "accessibility",
    fields: &[ID, OF_LOCATION, text("description"), text("details"), field("url", Shape::Url)],
    parts: &[ATTRIBUTES],
    ones: &[],
};

pub(super) const COST_OPTION: Table = Table {
    kind: Kind::CostOption,
    key: "cost_option",
    file: "cost_options",
    fields: &[
        ID,
        OF_SERVICE,
        field("valid_from", Shape::Date),
        field("valid_to", Shape::Date),
        text("option"),
        text("currency"),
        field("amount", Shape::Number(0.0, ANY)),
        text("amount_description"),
    ],
    parts: &[ATTRIBUTES],
    ones: &[],
};

pub(super) const REQUIRED_DOCUMENT: Table = Table {
    kind: Kind::RequiredDocument,
    key: "required_document",
    file: "required_documents",
    fields: &[ID, OF_SERVICE, text("document"), field("uri", Shape::Url)],
    parts: &[ATTRIBUTES],
    ones: &[],
};

pub(super) const ORGANIZATION_IDENTIFIER: Table = Table {
    kind: Kind::OrganizationIdentifier,
    key: "organization_identifier",
    file: "organization_identifiers",
    fields: &[
        ID,
        OF_ORGANIZATION,
        text("identifier_scheme"),
        need("identifier_type", Shape::Text),
        need("identifier", Shape::Text),
    ],
    parts: &[ATTRIBUTES],
    ones: &[],
};

pub(super) const UNIT: Table = Table {
    kind: Kind::Unit,
    key: "unit",
    file: "units",
    fields: &[ID, NAME, text("scheme"), text("identifier"), field("uri", Shape::Url)],
    parts: &[],
    ones: &[],
};

pub(super) const SERVICE_CAPACITY: Table = Table {
    kind: Kind::ServiceCapacity,
    key: "service_capacity",
    file: "service_capacities",
    fields: &[
        ID,
        OF_SERVICE,
        to("unit_id", Kind::Unit),
        need("available", Shape::Number(0.0, ANY)),
        field("maximum", Shape::Number(0.0, ANY)),
        text("description"),
        field("updated", Shape::Moment),
    ],
    parts: &[],
    ones: &[("unit", Kind::Unit, "unit_id")],
};

pub(super) const ATTRIBUTE: Table = Table {
    kind: Kind::Attribute,
    key: "attribute",
    file: "attributes",
    fields: &[
        ID,
        field("link_id", Shape::Link),
        to("taxonomy_term_id", Kind::TaxonomyTerm),
        text("link_type"),
        text("link_entity"),
        text("value"),
    ],
    parts: &[],
    ones: &[("taxonomy_term", Kind::TaxonomyTerm, "taxonomy_term_id")],
};
