-- Children who are handed over across a border, to whom they are offered, and what happened to each.

CREATE TABLE helpline.crossborder_handovers (
    centre_id uuid NOT NULL,
    crossborder_id uuid NOT NULL,
    -- Human-sized: said on the telephone.
    number bigint GENERATED ALWAYS AS IDENTITY,
    case_id uuid NOT NULL,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    -- What is offered, by which nobody is known: keys alone.
    age_band text NOT NULL,
    gender text NOT NULL,
    needs text[] NOT NULL,
    region text,
    language text NOT NULL,
    -- The most that a focal point is granted once it has accepted.
    field_classes text[] NOT NULL CHECK (
        cardinality(field_classes) > 0
        AND field_classes <@ ARRAY['identity', 'contact', 'location', 'narrative', 'health', 'legal', 'perpetrator', 'media', 'statistics']),
    state text NOT NULL CHECK (state IN ('prepared', 'consent_checked', 'offered', 'receiving_assessment', 'accepted', 'declined',
        'travel_planned', 'departed', 'missing', 'arrived_confirmed', 'handed_over', 'first_visit_done', 'monitoring', 'closed', 'withdrawn')),
    -- The last decision by the rules of the country, and what it was made from. While it does not allow it, nothing is told.
    allowed boolean NOT NULL DEFAULT false,
    decision jsonb,
    -- When the next step is due; of a child on the way, when they are missing.
    due_at timestamptz,
    -- How often the present step has alarmed: once.
    alarms integer NOT NULL DEFAULT 0,
    prepared_by uuid NOT NULL,
    prepared_at timestamptz NOT NULL,
    -- Who receives the child.
    agency_id uuid,
    accepted_at timestamptz,
    departs_at timestamptz,
    arrives_at timestamptz,
    escort text,
    route text,
    departed_at timestamptz,
    arrived_at timestamptz,
    -- What both sides sign, and its SHA-256: ids and times alone.
    certificate text,
    certificate_sha256 text,
    sending_signed_by uuid,
    sending_signed_at timestamptz,
    receiving_signed_by uuid,
    receiving_signed_at timestamptz,
    first_visit_at timestamptz,
    reports integer NOT NULL DEFAULT 0,
    -- Until when it is reported how the child is.
    monitor_until timestamptz,
    -- What was raised because nobody confirmed the arrival, the last time.
    escalation_id uuid,
    ended_at timestamptz,
    -- Why it was taken back, or how it ended.
    reason text,
    -- Each class of field on its own, so that each can be granted on its own.
    identity_sealed bytea,
    contact_sealed bytea,
    location_sealed bytea,
    narrative_sealed bytea,
    health_sealed bytea,
    legal_sealed bytea,
    perpetrator_sealed bytea,
    travel_sealed bytea,
    conditions_sealed bytea,
    event_count integer NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, crossborder_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    FOREIGN KEY (centre_id, escalation_id) REFERENCES helpline.escalations,
    CONSTRAINT ended_handover_has_an_end CHECK ((state IN ('closed', 'withdrawn')) = (ended_at IS NOT NULL)),
    CONSTRAINT ended_handover_for_a_reason CHECK ((ended_at IS NULL) = (reason IS NULL)),
    CONSTRAINT live_handover_is_due CHECK (
        (state IN ('missing', 'closed', 'withdrawn')) = (due_at IS NULL)),
    CONSTRAINT received_by_somebody CHECK (
        state IN ('prepared', 'consent_checked', 'offered', 'receiving_assessment', 'declined', 'withdrawn') OR agency_id IS NOT NULL),
    CONSTRAINT nobody_leaves_without_a_plan CHECK (departed_at IS NULL OR departs_at IS NOT NULL AND arrives_at > departs_at),
    CONSTRAINT missing_is_raised CHECK (state <> 'missing' OR escalation_id IS NOT NULL),
    CONSTRAINT handed_over_by_both CHECK (
        state NOT IN ('handed_over', 'first_visit_done', 'monitoring')
        OR certificate IS NOT NULL AND sending_signed_by IS NOT NULL AND receiving_signed_by IS NOT NULL),
    CONSTRAINT signed_at_a_time CHECK (
        (sending_signed_by IS NULL) = (sending_signed_at IS NULL) AND (receiving_signed_by IS NULL) = (receiving_signed_at IS NULL))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.crossborder_handovers');
GRANT SELECT, INSERT, UPDATE ON helpline.crossborder_handovers TO helpline_server;
COMMENT ON TABLE helpline.crossborder_handovers IS 'Children who are handed over to another country, until they are at home there.';
CREATE TRIGGER ended_crossborder_stays_ended BEFORE UPDATE OF state ON helpline.crossborder_handovers
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
CREATE INDEX crossborder_due ON helpline.crossborder_handovers (centre_id, due_at) WHERE due_at IS NOT NULL AND alarms = 0;
CREATE INDEX crossborder_alarmed ON helpline.crossborder_handovers (centre_id) WHERE alarms > 0 AND ended_at IS NULL;
CREATE INDEX crossborder_open ON helpline.crossborder_handovers (centre_id, crossborder_id) WHERE ended_at IS NULL;
CREATE INDEX crossborder_of_case ON helpline.crossborder_handovers (centre_id, case_id);

CREATE TABLE helpline.crossborder_offers (
    centre_id uuid NOT NULL,
    crossborder_id uuid NOT NULL,
    position integer NOT NULL CHECK (position > 0),
    agency_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'assessing', 'accepted', 'declined', 'expired', 'withdrawn')),
    reason text,
    offered_at timestamptz NOT NULL,
    answered_at timestamptz,
    PRIMARY KEY (centre_id, crossborder_id, position),
    FOREIGN KEY (centre_id, crossborder_id) REFERENCES helpline.crossborder_handovers,
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    CONSTRAINT declined_for_a_reason CHECK ((state = 'declined') = (reason IS NOT NULL))
);
SELECT helpline.isolate('helpline.crossborder_offers');
GRANT SELECT, INSERT, UPDATE ON helpline.crossborder_offers TO helpline_server;
COMMENT ON TABLE helpline.crossborder_offers IS 'Which focal points were asked to receive a child, and what each said.';
CREATE UNIQUE INDEX one_focal_point_at_a_time ON helpline.crossborder_offers (centre_id, crossborder_id)
    WHERE state IN ('offered', 'assessing', 'accepted');
CREATE INDEX crossborder_offers_of_agency ON helpline.crossborder_offers (centre_id, agency_id, crossborder_id);

-- Written with every change, never altered.
CREATE TABLE helpline.crossborder_events (
    centre_id uuid NOT NULL,
    crossborder_id uuid NOT NULL,
    sequence integer NOT NULL CHECK (sequence > 0),
    at timestamptz NOT NULL,
    event text NOT NULL,
    -- Null for what happened by itself.
    actor_id uuid,
    actor_role text,
    agency_id uuid,
    -- Keys and numbers that explain it.
    detail jsonb,
    -- What the remark is sealed for.
    entry_id uuid NOT NULL,
    remark_sealed bytea,
    -- Whether the focal point that is asked or has accepted may read it.
    shared boolean NOT NULL,
    PRIMARY KEY (centre_id, crossborder_id, sequence),
    FOREIGN KEY (centre_id, crossborder_id) REFERENCES helpline.crossborder_handovers
);
SELECT helpline.isolate('helpline.crossborder_events');
GRANT SELECT, INSERT ON helpline.crossborder_events TO helpline_server;
COMMENT ON TABLE helpline.crossborder_events IS 'What happened to a hand-over across a border, who did it, and what both sides wrote.';

-- Consent to let a focal point know who the child is, and what is told to it, are the disclosures and deliveries of referrals.
ALTER TABLE helpline.disclosures
    ADD COLUMN crossborder_id uuid,
    ADD FOREIGN KEY (centre_id, crossborder_id) REFERENCES helpline.crossborder_handovers,
    DROP CONSTRAINT about_one_thing,
    ADD CONSTRAINT about_one_thing CHECK (num_nonnulls(escalation_id, referral_id, crossborder_id) <= 1),
    DROP CONSTRAINT disclosures_purpose_check,
    ADD CONSTRAINT disclosures_purpose_check CHECK (
        purpose IN ('emergency', 'mandatory_report', 'referral', 'missing_child', 'cross_border')
        AND (purpose = 'cross_border') = (crossborder_id IS NOT NULL)),
    ADD CONSTRAINT assent_to_a_guardian_abroad CHECK (
        crossborder_id IS NULL OR (consent_by IS NOT DISTINCT FROM 'guardian') = (assent IS NOT NULL));
CREATE INDEX disclosures_of_crossborder ON helpline.disclosures (centre_id, crossborder_id, agency_id) WHERE crossborder_id IS NOT NULL;
ALTER TABLE helpline.deliveries
    ADD COLUMN crossborder_id uuid,
    ADD FOREIGN KEY (centre_id, crossborder_id) REFERENCES helpline.crossborder_handovers,
    DROP CONSTRAINT delivery_about_one_thing,
    ADD CONSTRAINT delivery_about_one_thing CHECK (num_nonnulls(escalation_id, referral_id, crossborder_id) <= 1);
CREATE INDEX deliveries_of_crossborder ON helpline.deliveries (centre_id, crossborder_id) WHERE crossborder_id IS NOT NULL;
