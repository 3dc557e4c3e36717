-- Referrals: an agency is asked for a service, and it is over only with an outcome. What an agency may know of one, and how it
-- is told, are the disclosures and deliveries of emergencies.

CREATE TABLE helpline.referrals (
    centre_id uuid NOT NULL,
    referral_id uuid NOT NULL,
    -- Human-sized: said on the telephone.
    number bigint GENERATED ALWAYS AS IDENTITY,
    contact_id uuid NOT NULL,
    -- The referral whose work was split.
    part_of uuid,
    urgency text NOT NULL CHECK (urgency IN ('routine', 'urgent')),
    need text NOT NULL,
    open_offer boolean NOT NULL,
    -- The most that any agency is granted.
    field_classes text[] NOT NULL CHECK (
        cardinality(field_classes) > 0
        AND field_classes <@ ARRAY['identity', 'contact', 'location', 'narrative', 'health', 'legal', 'perpetrator', 'media', 'statistics']),
    state text NOT NULL CHECK (state IN ('draft', 'requested', 'accepted', 'in_progress', 'on_hold', 'cancel_requested', 'completed', 'failed',
        'rejected', 'expired', 'cancelled', 'revoked', 'entered_in_error')),
    -- How long each choice has to answer.
    answer_s integer NOT NULL CHECK (answer_s > 0),
    -- When the next step is due.
    due_at timestamptz,
    -- How often the present step has alarmed.
    alarms integer NOT NULL DEFAULT 0,
    -- Its one owner inside the centre: a counsellor, or the token of a supervisor.
    owner_id uuid NOT NULL,
    drafted_by uuid NOT NULL,
    drafted_at timestamptz NOT NULL,
    sent_at timestamptz,
    -- Who has it.
    agency_id uuid,
    accepted_at timestamptz,
    ended_at timestamptz,
    outcome text,
    -- Why the last pause, cancellation or revocation.
    reason text,
    -- Which side wants to cancel it, and where it stood before.
    cancel_asked_by text CHECK (cancel_asked_by IN ('centre', 'agency')),
    state_before text CHECK (state_before IN ('accepted', 'in_progress', 'on_hold')),
    appointment_at timestamptz,
    appointment_state text CHECK (appointment_state IN ('scheduled', 'attended', 'unattended', 'cancelled')),
    no_shows integer NOT NULL DEFAULT 0,
    -- A need that no choice has met.
    unmet boolean NOT NULL DEFAULT false,
    -- Under which number the agency keeps it.
    their_reference_sealed bytea,
    -- Each class of field on its own, so that each can be granted on its own.
    identity_sealed bytea,
    contact_sealed bytea,
    location_sealed bytea,
    narrative_sealed bytea,
    health_sealed bytea,
    legal_sealed bytea,
    perpetrator_sealed bytea,
    event_count integer NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, referral_id),
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts,
    FOREIGN KEY (centre_id, part_of) REFERENCES helpline.referrals,
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    CONSTRAINT live_referral_is_due CHECK (
        (state IN ('requested', 'accepted', 'in_progress', 'on_hold', 'cancel_requested')) = (due_at IS NOT NULL)),
    CONSTRAINT ended_referral_has_an_end CHECK (
        (state IN ('completed', 'failed', 'rejected', 'expired', 'cancelled', 'revoked', 'entered_in_error')) = (ended_at IS NOT NULL)),
    CONSTRAINT served_by_somebody CHECK (
        state NOT IN ('accepted', 'in_progress', 'on_hold', 'cancel_requested', 'completed', 'failed', 'cancelled') OR agency_id IS NOT NULL),
    CONSTRAINT over_with_an_outcome CHECK (state NOT IN ('completed', 'failed') OR outcome IS NOT NULL),
    CONSTRAINT handshake_has_two_sides CHECK (
        (state = 'cancel_requested') = (cancel_asked_by IS NOT NULL) AND (state = 'cancel_requested') = (state_before IS NOT NULL)),
    CONSTRAINT unmet_when_nobody_is_left CHECK (NOT unmet OR state IN ('rejected', 'expired', 'entered_in_error')),
    CONSTRAINT not_a_part_of_itself CHECK (part_of <> referral_id)
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.referrals');
GRANT SELECT, INSERT, UPDATE ON helpline.referrals TO helpline_server;
COMMENT ON TABLE helpline.referrals IS 'Agencies that were asked for a service for a child, until somebody says what came of it.';
CREATE TRIGGER ended_referral_stays_ended BEFORE UPDATE OF state ON helpline.referrals
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL AND NEW.state NOT IN (OLD.state, 'entered_in_error'))
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
CREATE INDEX referrals_due ON helpline.referrals (centre_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX referrals_open ON helpline.referrals (centre_id, changed_at) WHERE ended_at IS NULL;
CREATE INDEX referrals_alarmed ON helpline.referrals (centre_id) WHERE alarms > 0 AND ended_at IS NULL;
CREATE INDEX referrals_unmet ON helpline.referrals (centre_id, referral_id) WHERE unmet;
CREATE INDEX referrals_of_contact ON helpline.referrals (centre_id, contact_id);

CREATE TABLE helpline.referral_choices (
    centre_id uuid NOT NULL,
    referral_id uuid NOT NULL,
    position integer NOT NULL CHECK (position BETWEEN 1 AND 20),
    service_id uuid NOT NULL,
    -- Who answered for the service when it was chosen.
    agency_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'offered', 'accepted', 'rejected', 'expired', 'withdrawn', 'skipped')),
    reason text,
    offered_at timestamptz,
    answered_at timestamptz,
    PRIMARY KEY (centre_id, referral_id, position),
    FOREIGN KEY (centre_id, referral_id) REFERENCES helpline.referrals,
    FOREIGN KEY (centre_id, service_id) REFERENCES helpline.services,
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    CONSTRAINT each_service_once UNIQUE (centre_id, referral_id, service_id),
    CONSTRAINT asked_at_a_time CHECK (state NOT IN ('offered', 'accepted', 'rejected', 'expired') OR offered_at IS NOT NULL),
    CONSTRAINT rejected_for_a_reason CHECK ((state = 'rejected') = (reason IS NOT NULL))
);
SELECT helpline.isolate('helpline.referral_choices');
GRANT SELECT, INSERT, UPDATE ON helpline.referral_choices TO helpline_server;
COMMENT ON TABLE helpline.referral_choices IS 'Whom a referral goes to, in which order, and what each said.';
CREATE UNIQUE INDEX one_agency_has_a_referral ON helpline.referral_choices (centre_id, referral_id) WHERE state = 'accepted';
CREATE INDEX choices_of_agency ON helpline.referral_choices (centre_id, agency_id, referral_id) WHERE offered_at IS NOT NULL;

-- Written with every change, never altered, as the timeline of an escalation is.
CREATE TABLE helpline.referral_events (
    centre_id uuid NOT NULL,
    referral_id uuid NOT NULL,
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
    remark_id uuid,
    remark_sealed bytea,
    -- Whether the agency that is asked or has it may read it.
    shared boolean NOT NULL DEFAULT false,
    PRIMARY KEY (centre_id, referral_id, sequence),
    FOREIGN KEY (centre_id, referral_id) REFERENCES helpline.referrals,
    CONSTRAINT sealed_for_something CHECK (remark_sealed IS NULL OR remark_id IS NOT NULL)
);
SELECT helpline.isolate('helpline.referral_events');
GRANT SELECT, INSERT ON helpline.referral_events TO helpline_server;
COMMENT ON TABLE helpline.referral_events IS 'What happened to a referral, who did it, and what both sides wrote.';
CREATE INDEX referral_events_by_remark ON helpline.referral_events (centre_id, remark_id) WHERE remark_id IS NOT NULL;

-- Consent to let an agency know of a referral is a disclosure about it.
ALTER TABLE helpline.disclosures
    ADD COLUMN referral_id uuid,
    -- What the agency must not know, whatever else was agreed to.
    ADD COLUMN withheld text[] NOT NULL DEFAULT '{}' CHECK (
        withheld <@ ARRAY['identity', 'contact', 'location', 'narrative', 'health', 'legal', 'perpetrator', 'media', 'statistics']),
    -- Whether the child agrees to what a guardian has agreed to.
    ADD COLUMN assent text CHECK (assent IN ('given', 'refused', 'not_asked')),
    ADD FOREIGN KEY (centre_id, referral_id) REFERENCES helpline.referrals,
    ADD CONSTRAINT about_one_thing CHECK (escalation_id IS NULL OR referral_id IS NULL),
    ADD CONSTRAINT assent_to_a_guardian CHECK (
        referral_id IS NULL OR (consent_by IS NOT DISTINCT FROM 'guardian') = (assent IS NOT NULL));
CREATE INDEX disclosures_of_referral ON helpline.disclosures (centre_id, referral_id, agency_id) WHERE referral_id IS NOT NULL;

ALTER TABLE helpline.deliveries
    ADD COLUMN referral_id uuid,
    ADD FOREIGN KEY (centre_id, referral_id) REFERENCES helpline.referrals,
    ADD CONSTRAINT delivery_about_one_thing CHECK (escalation_id IS NULL OR referral_id IS NULL);
CREATE INDEX deliveries_of_referral ON helpline.deliveries (centre_id, referral_id) WHERE referral_id IS NOT NULL;
