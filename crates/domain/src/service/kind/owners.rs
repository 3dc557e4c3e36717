//! What stands by itself, and what ties services to places.

use super::fields::{AGE, ATTRIBUTES, ID, NAME, OF_ORGANIZATION, PLACE_KINDS, field, need, text, to};
use super::{Kind, Shape, Table};

pub(super) const TAXONOMY: Table = Table {
    kind: Kind::Taxonomy,
    key: "taxonomy",
    file: "taxonomies",
    fields: &[ID, NAME, text("description"), field("uri", Shape::Url), text("version")],
    parts: &[],
    ones: &[],
};

pub(super) const TAXONOMY_TERM: Table = Table {
    kind: Kind::TaxonomyTerm,
    key: "taxonomy_term",
    file: "taxonomy_terms",
    fields: &[
        ID,
        NAME,
        text("code"),
        text("description"),
        to("parent_id", Kind::TaxonomyTerm),
        text("taxonomy"),
        text("language"),
        to("taxonomy_id", Kind::Taxonomy),
        field("term_uri", Shape::Url),
    ],
    parts: &[],
    ones: &[("taxonomy_detail", Kind::Taxonomy, "taxonomy_id")],
};

pub(super) const ORGANIZATION: Table = Table {
    kind: Kind::Organization,
    key: "organization",
    file: "organizations",
    fields: &[
        ID,
        NAME,
        text("alternate_name"),
        text("description"),
        field("email", Shape::Email),
        field("website", Shape::Url),
        text("tax_status"),
        text("tax_id"),
        field("year_incorporated", Shape::Number(0.0, 9999.0)),
        text("legal_status"),
        text("logo"),
        field("uri", Shape::Url),
        to("parent_organization_id", Kind::Organization),
    ],
    parts: &[
        ("funding", Kind::Funding),
        ("contacts", Kind::Contact),
        ("phones", Kind::Phone),
        ("locations", Kind::Location),
        ("services", Kind::Service),
        ("programs", Kind::Program),
        ("organization_identifiers", Kind::OrganizationIdentifier),
        ATTRIBUTES,
    ],
    ones: &[],
};

pub(super) const PROGRAM: Table = Table {
    kind: Kind::Program,
    key: "program",
    file: "programs",
    fields: &[ID, OF_ORGANIZATION, NAME, text("alternate_name"), text("description")],
    parts: &[ATTRIBUTES],
    ones: &[],
};

pub(super) const SERVICE: Table = Table {
    kind: Kind::Service,
    key: "service",
    file: "services",
    fields: &[
        ID,
        OF_ORGANIZATION,
        to("program_id", Kind::Program),
        NAME,
        text("alternate_name"),
        text("description"),
        field("url", Shape::Url),
        field("email", Shape::Email),
        need("status", Shape::Choice(&["active", "inactive", "defunct", "temporarily closed"])),
        text("interpretation_services"),
        text("application_process"),
        text("fees_description"),
        text("wait_time"),
        text("fees"),
        text("accreditations"),
        text("eligibility_description"),
        field("minimum_age", AGE),
        field("maximum_age", AGE),
        field("assured_date", Shape::Date),
        field("assurer_email", Shape::Email),
        text("licenses"),
        text("alert"),
        field("last_modified", Shape::Moment),
    ],
    parts: &[
        ("phones", Kind::Phone),
        ("schedules", Kind::Schedule),
        ("service_areas", Kind::ServiceArea),
        ("service_at_locations", Kind::ServiceAtLocation),
        ("languages", Kind::Language),
        ("funding", Kind::Funding),
        ("cost_options", Kind::CostOption),
        ("required_documents", Kind::RequiredDocument),
        ("contacts", Kind::Contact),
        ("capacities", Kind::ServiceCapacity),
        ATTRIBUTES,
    ],
    ones: &[
        ("organization", Kind::Organization, "organization_id"),
        ("program", Kind::Program, "program_id"),
        ("helpline_rule", Kind::ServiceRule, "id"),
    ],
};

pub(super) const SERVICE_RULE: Table = Table {
    kind: Kind::ServiceRule,
    key: "service_rule",
    file: "helpline_rules",
    fields: &[
        need("id", Shape::Reference(Kind::Service)),
        field("genders", Shape::List),
        field("statuses", Shape::List),
        field("statuses_refused", Shape::List),
        field("nationalities", Shape::List),
        field("nationalities_refused", Shape::List),
        field("with_children", Shape::Flag),
        field("pregnant", Shape::Flag),
        field("exclusions", Shape::List),
        field("intake_at_any_hour", Shape::Flag),
        field("protected_address", Shape::Flag),
        text("delivery_address"),
        text("on_call_name"),
        text("on_call_number"),
        text("agreement"),
        field("agreement_until", Shape::Date),
    ],
    parts: &[],
    ones: &[],
};

pub(super) const LOCATION: Table = Table {
    kind: Kind::Location,
    key: "location",
    file: "locations",
    fields: &[
        ID,
        need("location_type", PLACE_KINDS),
        field("url", Shape::Url),
        OF_ORGANIZATION,
        text("name"),
        text("alternate_name"),
        text("description"),
        text("transportation"),
        field("latitude", Shape::Number(-90.0, 90.0)),
        field("longitude", Shape::Number(-180.0, 180.0)),
        text("external_identifier"),
        text("external_identifier_type"),
    ],
    parts: &[
        ("languages", Kind::Language),
        ("addresses", Kind::Address),
        ("contacts", Kind::Contact),
        ("accessibility", Kind::Accessibility),
        ("phones", Kind::Phone),
        ("schedules", Kind::Schedule),
        ATTRIBUTES,
    ],
    ones: &[],
};

pub(super) const SERVICE_AT_LOCATION: Table = Table {
    kind: Kind::ServiceAtLocation,
    key: "service_at_location",
    file: "service_at_location",
    fields: &[
        ID,
        need("service_id", Shape::Reference(Kind::Service)),
        need("location_id", Shape::Reference(Kind::Location)),
        text("description"),
    ],
    parts: &[("contacts", Kind::Contact), ("phones", Kind::Phone), ("schedules", Kind::Schedule), ATTRIBUTES],
    ones: &[("location", Kind::Location, "location_id"), ("service", Kind::Service, "service_id")],
};
