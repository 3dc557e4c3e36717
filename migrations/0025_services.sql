-- The directory of services that children are referred to, in the shape of HSDS 3: one row per service, one per record of
-- everything else, each as the standard names its fields.

-- One row per centre: how often its directory has changed, and when last by more than one service.
CREATE TABLE helpline.service_directories (
    centre_id uuid PRIMARY KEY REFERENCES helpline.centres,
    -- Number of the last change. Whoever keeps an index asks for what is newer than theirs.
    revision bigint NOT NULL DEFAULT 0,
    -- Number of the last import: an index that is older is made anew.
    imported_revision bigint NOT NULL DEFAULT 0
);
SELECT helpline.isolate('helpline.service_directories');
GRANT SELECT, INSERT, UPDATE ON helpline.service_directories TO helpline_server;
COMMENT ON TABLE helpline.service_directories IS 'How often the directory of services of a centre has changed.';

-- Everything of the directory that is not a service itself: organisations, locations, phones, schedules, terms …
CREATE TABLE helpline.service_records (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    kind text NOT NULL CHECK (kind IN (
        'organization', 'program', 'location', 'service_at_location', 'address', 'phone', 'contact', 'schedule', 'service_area', 'language',
        'funding', 'accessibility', 'cost_option', 'required_document', 'organization_identifier', 'taxonomy', 'taxonomy_term', 'attribute',
        'unit', 'service_capacity')),
    record_id uuid NOT NULL,
    -- As the standard names them; of what is sealed, the references alone.
    fields jsonb NOT NULL CHECK (jsonb_typeof(fields) = 'object'),
    -- All fields of a record that can be a person's, or say where a shelter is.
    record_sealed bytea,
    service_id uuid GENERATED ALWAYS AS ((fields ->> 'service_id')::uuid) STORED,
    organization_kind text GENERATED ALWAYS AS ('organization') STORED,
    organization_id uuid GENERATED ALWAYS AS ((fields ->> 'organization_id')::uuid) STORED,
    location_kind text GENERATED ALWAYS AS ('location') STORED,
    location_id uuid GENERATED ALWAYS AS ((fields ->> 'location_id')::uuid) STORED,
    term_kind text GENERATED ALWAYS AS ('taxonomy_term') STORED,
    taxonomy_term_id uuid GENERATED ALWAYS AS ((fields ->> 'taxonomy_term_id')::uuid) STORED,
    PRIMARY KEY (centre_id, kind, record_id),
    CONSTRAINT organization_is_there FOREIGN KEY (centre_id, organization_kind, organization_id) REFERENCES helpline.service_records,
    CONSTRAINT location_is_there FOREIGN KEY (centre_id, location_kind, location_id) REFERENCES helpline.service_records,
    CONSTRAINT term_is_there FOREIGN KEY (centre_id, term_kind, taxonomy_term_id) REFERENCES helpline.service_records,
    CONSTRAINT what_can_be_a_persons_is_sealed CHECK (
        (kind IN ('location', 'address', 'phone', 'contact')) = (record_sealed IS NOT NULL))
);
SELECT helpline.isolate('helpline.service_records');
GRANT SELECT, INSERT, UPDATE, DELETE ON helpline.service_records TO helpline_server;
COMMENT ON TABLE helpline.service_records IS 'Organisations, locations, phones, opening hours and all else that belongs to services, one record of HSDS each.';

CREATE TABLE helpline.services (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    service_id uuid NOT NULL,
    -- Who answers when a child is referred to it.
    agency_id uuid,
    -- As the standard names them.
    fields jsonb NOT NULL CHECK (jsonb_typeof(fields) = 'object' AND fields ->> 'name' <> ''),
    -- The centre's own rules of who is taken, and what must not be told.
    rules_sealed bytea,
    -- Not referred to until somebody says otherwise, whatever is imported.
    suspended boolean NOT NULL DEFAULT false,
    -- 'active' means that it can be referred to now.
    status text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN suspended AND fields ->> 'status' = 'active' THEN 'temporarily closed' ELSE fields ->> 'status' END) STORED,
    organization_kind text GENERATED ALWAYS AS ('organization') STORED,
    organization_id uuid GENERATED ALWAYS AS ((fields ->> 'organization_id')::uuid) STORED,
    -- When somebody last made sure that it is as it says.
    verified_at timestamptz,
    verified_by uuid,
    -- Number of the directory's change that changed it last.
    directory_revision bigint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, service_id),
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    CONSTRAINT organization_of_service_is_there FOREIGN KEY (centre_id, organization_kind, organization_id) REFERENCES helpline.service_records,
    CONSTRAINT known_status CHECK (status IN ('active', 'inactive', 'defunct', 'temporarily closed'))
);
SELECT helpline.isolate('helpline.services');
GRANT SELECT, INSERT, UPDATE ON helpline.services TO helpline_server;
COMMENT ON TABLE helpline.services IS 'Services that children are referred to.';
CREATE INDEX services_changed ON helpline.services (centre_id, directory_revision);

ALTER TABLE helpline.service_records
    ADD CONSTRAINT service_is_there FOREIGN KEY (centre_id, service_id) REFERENCES helpline.services;
CREATE INDEX records_of_service ON helpline.service_records (centre_id, service_id) WHERE service_id IS NOT NULL;
CREATE INDEX records_of_organization ON helpline.service_records (centre_id, organization_id) WHERE organization_id IS NOT NULL;
-- What a service is about.
CREATE INDEX attributes_of_record ON helpline.service_records (centre_id, ((fields ->> 'link_id')::uuid)) WHERE kind = 'attribute';
CREATE INDEX records_of_location ON helpline.service_records (centre_id, location_id) WHERE location_id IS NOT NULL;
CREATE INDEX records_of_term ON helpline.service_records (centre_id, taxonomy_term_id) WHERE taxonomy_term_id IS NOT NULL;
CREATE INDEX services_of_organization ON helpline.services (centre_id, organization_id) WHERE organization_id IS NOT NULL;
