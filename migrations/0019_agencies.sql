-- Partner agencies, their people's tokens, the ways to tell them, what is on its way to them, and what they may know.

CREATE TABLE helpline.agencies (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    agency_id uuid NOT NULL,
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 200),
    kind text NOT NULL CHECK (kind IN ('police', 'ambulance', 'fire', 'child_protection', 'health', 'justice', 'shelter', 'ngo', 'school', 'helpline', 'embassy', 'other')),
    -- The most it may ever be told, by class of field.
    field_classes text[] NOT NULL DEFAULT '{}' CHECK (
        field_classes <@ ARRAY['identity', 'contact', 'location', 'narrative', 'health', 'legal', 'perpetrator', 'media', 'statistics']),
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT helpline.now(),
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, agency_id)
);
SELECT helpline.isolate('helpline.agencies');
GRANT SELECT, INSERT, UPDATE ON helpline.agencies TO helpline_server;
COMMENT ON TABLE helpline.agencies IS 'Organisations outside the centre who are asked for help.';

-- A responder of an agency bears a token of their own, so that the record says who it was.
ALTER TABLE helpline.tokens
    ADD COLUMN agency_id uuid,
    ADD FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    DROP CONSTRAINT tokens_role_check,
    ADD CONSTRAINT tokens_role_check CHECK (role IN ('channel_adapter', 'counsellor', 'supervisor', 'administrator', 'agency_responder')),
    ADD CONSTRAINT agency_exactly_for_the_role CHECK ((role = 'agency_responder') = (agency_id IS NOT NULL));

DROP FUNCTION helpline.authenticate(bytea);
CREATE FUNCTION helpline.authenticate(token_hash bytea)
    RETURNS TABLE (token_id uuid, centre_id uuid, role text, counsellor_id uuid, agency_id uuid, expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    SELECT t.token_id, t.centre_id, t.role, t.counsellor_id, t.agency_id, t.expires_at
    FROM helpline.tokens t
    LEFT JOIN helpline.counsellors c USING (centre_id, counsellor_id)
    LEFT JOIN helpline.agencies a USING (centre_id, agency_id)
    WHERE t.hash = token_hash AND t.revoked_at IS NULL AND t.expires_at > helpline.now()
      AND c.disabled_at IS NULL AND a.disabled_at IS NULL
$$;
REVOKE EXECUTE ON FUNCTION helpline.authenticate(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION helpline.authenticate(bytea) TO helpline_server;

DROP FUNCTION helpline.authenticate_all(bytea[]);
CREATE FUNCTION helpline.authenticate_all(token_hashes bytea[])
    RETURNS TABLE (hash bytea, token_id uuid, centre_id uuid, role text, counsellor_id uuid, agency_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    SELECT t.hash, t.token_id, t.centre_id, t.role, t.counsellor_id, t.agency_id
    FROM helpline.tokens t
    LEFT JOIN helpline.counsellors c USING (centre_id, counsellor_id)
    LEFT JOIN helpline.agencies a USING (centre_id, agency_id)
    WHERE t.hash = ANY (token_hashes) AND t.revoked_at IS NULL AND t.expires_at > (SELECT helpline.now())
      AND c.disabled_at IS NULL AND a.disabled_at IS NULL
$$;
REVOKE EXECUTE ON FUNCTION helpline.authenticate_all(bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION helpline.authenticate_all(bytea[]) TO helpline_server;

-- Where an agency without a client of its own is told that there is something to look at.
CREATE TABLE helpline.endpoints (
    centre_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    agency_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('webhook', 'email', 'sms')),
    -- URL, address or number: sealed, because it may be a person's.
    address_sealed bytea NOT NULL,
    -- How a webhook is signed: an HMAC whose secret both know, or a key pair.
    signature text CHECK (signature IN ('v1', 'v1a')),
    secret_sealed bytea,
    -- The one before, with which everything is signed too until it ends.
    old_secret_sealed bytea,
    old_secret_until timestamptz,
    -- It asked to be left alone until then; emergencies knock all the same.
    throttled_until timestamptz,
    disabled_at timestamptz,
    -- Why: by hand, or because it answered that it is gone.
    disabled_because text CHECK (disabled_because IN ('by_hand', 'gone')),
    created_at timestamptz NOT NULL DEFAULT helpline.now(),
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, endpoint_id),
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    CONSTRAINT webhooks_are_signed CHECK ((kind = 'webhook') = (signature IS NOT NULL AND secret_sealed IS NOT NULL)),
    CONSTRAINT disabled_for_a_reason CHECK ((disabled_at IS NULL) = (disabled_because IS NULL)),
    CONSTRAINT old_secret_ends CHECK ((old_secret_sealed IS NULL) = (old_secret_until IS NULL))
);
SELECT helpline.isolate('helpline.endpoints');
GRANT SELECT, INSERT, UPDATE ON helpline.endpoints TO helpline_server;
COMMENT ON TABLE helpline.endpoints IS 'Webhooks, e-mail addresses and numbers of agencies.';
CREATE INDEX endpoints_of_agency ON helpline.endpoints (centre_id, agency_id) WHERE disabled_at IS NULL;

-- A decision to let an agency know something, which escalations and referrals share.
CREATE TABLE helpline.disclosures (
    centre_id uuid NOT NULL,
    disclosure_id uuid NOT NULL,
    -- What it is about.
    escalation_id uuid,
    agency_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('emergency', 'mandatory_report', 'referral', 'missing_child')),
    field_classes text[] NOT NULL CHECK (
        cardinality(field_classes) > 0
        AND field_classes <@ ARRAY['identity', 'contact', 'location', 'narrative', 'health', 'legal', 'perpetrator', 'media', 'statistics']),
    -- On consent; by the published plan, because life is in danger; or against the child's wish, approved by another.
    basis text NOT NULL CHECK (basis IN ('consent', 'plan', 'override')),
    consent_by text CHECK (consent_by IN ('child', 'guardian', 'both')),
    ground text CHECK (ground IN ('life_in_danger', 'legal_duty', 'best_interests', 'court_order')),
    made_by uuid,
    approved_by uuid,
    made_at timestamptz NOT NULL,
    -- An override that nobody has approved yet opens nothing.
    approved_at timestamptz,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_by uuid,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, disclosure_id),
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    CONSTRAINT consent_is_somebodys CHECK ((basis = 'consent') = (consent_by IS NOT NULL)),
    CONSTRAINT without_consent_there_is_a_ground CHECK ((basis = 'consent') = (ground IS NULL)),
    CONSTRAINT nobody_approves_their_own CHECK (approved_by IS NULL OR approved_by <> made_by),
    CONSTRAINT only_overrides_are_approved CHECK (
        (basis = 'override' OR approved_by IS NULL) AND ((approved_by IS NULL) = (approved_at IS NULL)))
);
SELECT helpline.isolate('helpline.disclosures');
GRANT SELECT, INSERT, UPDATE ON helpline.disclosures TO helpline_server;
COMMENT ON TABLE helpline.disclosures IS 'Who may know what, for which purpose, on which basis, until when.';
CREATE INDEX disclosures_of_escalation ON helpline.disclosures (centre_id, escalation_id, agency_id) WHERE escalation_id IS NOT NULL;

-- Everything that is told to somebody, once each. At least once with a stable id: who is told twice can tell.
CREATE TABLE helpline.deliveries (
    centre_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    escalation_id uuid,
    -- The place on the ladder at which it was made; null for news of what happened since.
    rung integer,
    -- What is told, for example `escalation.notified`.
    event text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('person', 'supervisors', 'call', 'desk', 'webhook', 'email', 'sms')),
    counsellor_id uuid,
    agency_id uuid,
    endpoint_id uuid,
    -- Of a call: label, number and script as the plan has them.
    call jsonb,
    -- Held back: an exercise, or a way that the centre has not set up.
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed', 'held_back', 'withdrawn')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    -- Somebody is at it until then.
    claimed_until timestamptz,
    -- What the last attempt came to: a key, never what the other side wrote.
    last_result text,
    made_at timestamptz NOT NULL,
    delivered_at timestamptz,
    ended_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, delivery_id),
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    FOREIGN KEY (centre_id, endpoint_id) REFERENCES helpline.endpoints,
    CONSTRAINT told_to_somebody CHECK (
        CASE kind
            WHEN 'person' THEN counsellor_id IS NOT NULL AND agency_id IS NULL AND endpoint_id IS NULL AND call IS NULL
            WHEN 'supervisors' THEN counsellor_id IS NULL AND agency_id IS NULL AND endpoint_id IS NULL AND call IS NULL
            WHEN 'call' THEN counsellor_id IS NULL AND endpoint_id IS NULL AND call IS NOT NULL
            WHEN 'desk' THEN counsellor_id IS NULL AND agency_id IS NOT NULL AND endpoint_id IS NULL AND call IS NULL
            ELSE counsellor_id IS NULL AND agency_id IS NOT NULL AND endpoint_id IS NOT NULL AND call IS NULL
        END),
    CONSTRAINT ended_delivery_has_an_end CHECK ((state = 'pending') = (ended_at IS NULL)),
    CONSTRAINT delivered_has_a_time CHECK (state <> 'delivered' OR delivered_at IS NOT NULL),
    CONSTRAINT only_sent_ones_are_tried CHECK ((kind IN ('webhook', 'email', 'sms') AND state = 'pending') = (next_attempt_at IS NOT NULL))
);
SELECT helpline.isolate('helpline.deliveries');
GRANT SELECT, INSERT, UPDATE ON helpline.deliveries TO helpline_server;
COMMENT ON TABLE helpline.deliveries IS 'Who was told what, by which way, and whether it arrived.';
CREATE INDEX deliveries_due ON helpline.deliveries (centre_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_of_escalation ON helpline.deliveries (centre_id, escalation_id, rung);
CREATE INDEX deliveries_to_agency ON helpline.deliveries (centre_id, agency_id, escalation_id) WHERE agency_id IS NOT NULL;
CREATE INDEX deliveries_to_person ON helpline.deliveries (centre_id, counsellor_id) WHERE counsellor_id IS NOT NULL AND state = 'pending';
CREATE INDEX deliveries_pending ON helpline.deliveries (centre_id, kind) WHERE state = 'pending';
-- Steps whose every way has failed are not waited for.
CREATE INDEX deliveries_failed ON helpline.deliveries (centre_id, ended_at) WHERE state = 'failed';
