-- Escalations: a demand for emergency action, its ladder, its clocks, its timeline.

CREATE TABLE helpline.escalation_plans (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    version bigint NOT NULL CHECK (version > 0),
    plan jsonb NOT NULL,
    published_at timestamptz NOT NULL DEFAULT helpline.now(),
    published_by uuid NOT NULL,
    PRIMARY KEY (centre_id, version)
);
SELECT helpline.isolate('helpline.escalation_plans');
GRANT SELECT, INSERT ON helpline.escalation_plans TO helpline_server;
COMMENT ON TABLE helpline.escalation_plans IS 'Every version ever published; never changed. Escalations keep to the one they began with.';

CREATE TABLE helpline.stand_ins (
    centre_id uuid NOT NULL,
    stand_in_id uuid NOT NULL,
    schedule text NOT NULL,
    counsellor_id uuid NOT NULL,
    from_at timestamptz NOT NULL,
    until_at timestamptz NOT NULL,
    made_by uuid NOT NULL,
    made_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, stand_in_id),
    FOREIGN KEY (centre_id, counsellor_id) REFERENCES helpline.counsellors,
    CONSTRAINT ends_after_it_begins CHECK (until_at > from_at)
);
SELECT helpline.isolate('helpline.stand_ins');
GRANT SELECT, INSERT, UPDATE ON helpline.stand_ins TO helpline_server;
COMMENT ON TABLE helpline.stand_ins IS 'Who is on call in a schedule for a time, instead of whoever has the turn.';
CREATE INDEX stand_ins_in_force ON helpline.stand_ins (centre_id, until_at) WHERE revoked_at IS NULL;

CREATE TABLE helpline.escalations (
    centre_id uuid NOT NULL,
    escalation_id uuid NOT NULL,
    -- Human-sized: said on the telephone.
    number bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL CHECK (kind IN ('emergency', 'mandatory_report')),
    -- The contact it was raised from; null when raised by hand.
    contact_id uuid,
    risk smallint NOT NULL CHECK (risk BETWEEN -1 AND 5),
    danger text NOT NULL CHECK (danger IN ('violence', 'sexual', 'suicide', 'medical', 'missing', 'trafficking', 'abandoned', 'other')),
    region text,
    -- An exercise never leaves the building.
    exercise boolean NOT NULL DEFAULT false,
    plan_version bigint NOT NULL,
    policy text NOT NULL,
    state text NOT NULL CHECK (state IN ('raised', 'notifying', 'unanswered', 'acknowledged', 'accepted', 'responding', 'on_scene',
        'child_reached', 'resolved', 'stood_down', 'closed_unreached')),
    -- How many steps of the ladder were taken, over all rounds.
    rung integer NOT NULL DEFAULT 0 CHECK (rung >= 0),
    -- When the ladder climbs next: the next step, the end of the time to accept, the next ring of the fallback.
    due_at timestamptz,
    -- When the child must be reached, or the next alarm that it was not.
    reach_due_at timestamptz,
    reach_alarms integer NOT NULL DEFAULT 0,
    -- What the sweep looks at.
    look_at timestamptz GENERATED ALWAYS AS (least(due_at, reach_due_at)) STORED,
    -- Its one owner inside the centre: a counsellor, or the token of a supervisor.
    owner_id uuid NOT NULL,
    raised_by uuid NOT NULL,
    raised_at timestamptz NOT NULL,
    -- The first time it reached somebody, who saw it, who took it on, who reached the child.
    delivered_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    acknowledged_agency_id uuid,
    accepted_at timestamptz,
    accepted_by uuid,
    accepted_agency_id uuid,
    responding_at timestamptz,
    on_scene_at timestamptz,
    child_reached_at timestamptz,
    child_reached_by uuid,
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('safe_in_place', 'taken_to_safety', 'taken_to_care', 'child_protection', 'no_danger_found', 'died', 'other')),
    -- Somebody has asked to end it without the child reached; another decides.
    end_asked text CHECK (end_asked IN ('stood_down', 'closed_unreached')),
    end_reason text,
    end_asked_by uuid,
    end_asked_at timestamptz,
    end_approved_by uuid,
    handed_to_agency_id uuid,
    handed_at timestamptz,
    -- The number under which they keep it.
    their_incident_sealed bytea,
    -- Of a mandatory report: legal basis, deadline, reference number, whether the child was told. Keys and times only.
    report jsonb,
    -- Each class of field on its own, so that each can be granted on its own.
    identity_sealed bytea,
    contact_sealed bytea,
    narrative_sealed bytea,
    health_sealed bytea,
    perpetrator_sealed bytea,
    location_count integer NOT NULL DEFAULT 0,
    event_count integer NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, escalation_id),
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts,
    FOREIGN KEY (centre_id, plan_version) REFERENCES helpline.escalation_plans,
    FOREIGN KEY (centre_id, accepted_agency_id) REFERENCES helpline.agencies,
    FOREIGN KEY (centre_id, acknowledged_agency_id) REFERENCES helpline.agencies,
    FOREIGN KEY (centre_id, handed_to_agency_id) REFERENCES helpline.agencies,
    CONSTRAINT climbs_while_nobody_has_it CHECK (
        (state IN ('raised', 'notifying', 'unanswered', 'acknowledged')) = (due_at IS NOT NULL)),
    CONSTRAINT reach_clock_runs_until_reached CHECK (
        (state IN ('child_reached', 'resolved', 'stood_down', 'closed_unreached')) = (reach_due_at IS NULL)),
    CONSTRAINT ended_escalation_has_an_end CHECK ((state IN ('resolved', 'stood_down', 'closed_unreached')) = (ended_at IS NOT NULL)),
    CONSTRAINT taken_on_by_somebody CHECK (state NOT IN ('accepted', 'responding', 'on_scene', 'child_reached', 'resolved') OR accepted_by IS NOT NULL),
    CONSTRAINT reached_has_a_time CHECK ((state IN ('child_reached', 'resolved')) = (child_reached_at IS NOT NULL)),
    CONSTRAINT resolved_has_an_outcome CHECK ((state = 'resolved') = (outcome IS NOT NULL)),
    CONSTRAINT end_asked_by_somebody CHECK (
        (end_asked IS NULL) = (end_asked_by IS NULL) AND (end_asked IS NULL) = (end_reason IS NULL) AND (end_asked IS NULL) = (end_asked_at IS NULL)),
    CONSTRAINT nobody_approves_their_own_end CHECK (
        (state IN ('stood_down', 'closed_unreached')) = (end_approved_by IS NOT NULL)
        AND (end_approved_by IS NULL OR coalesce(end_asked = state AND end_approved_by <> end_asked_by, false))),
    CONSTRAINT handed_to_somebody CHECK ((handed_to_agency_id IS NULL) = (handed_at IS NULL)),
    CONSTRAINT only_reports_report CHECK ((kind = 'mandatory_report') = (report IS NOT NULL))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.escalations');
GRANT SELECT, INSERT, UPDATE ON helpline.escalations TO helpline_server;
COMMENT ON TABLE helpline.escalations IS 'Demands for emergency action. None rests until the child was reached, or two people said that nobody will be.';

CREATE TRIGGER ended_escalation_stays_ended BEFORE UPDATE OF state ON helpline.escalations
    FOR EACH ROW WHEN (OLD.state IN ('resolved', 'stood_down', 'closed_unreached') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
-- What is due, the gravest first.
CREATE INDEX escalations_due ON helpline.escalations (centre_id, look_at) WHERE look_at IS NOT NULL;
CREATE INDEX escalations_open ON helpline.escalations (centre_id, changed_at) WHERE ended_at IS NULL;
CREATE INDEX escalations_changed ON helpline.escalations (centre_id, changed_at);
-- A contact has one open emergency: a second report joins it.
CREATE UNIQUE INDEX escalations_one_open_per_contact ON helpline.escalations (centre_id, contact_id, kind)
    WHERE ended_at IS NULL AND contact_id IS NOT NULL;

-- Contacts that are about the same child and the same danger.
CREATE TABLE helpline.escalation_contacts (
    centre_id uuid NOT NULL,
    escalation_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    joined_by uuid NOT NULL,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (centre_id, contact_id, escalation_id),
    FOREIGN KEY (centre_id, escalation_id) REFERENCES helpline.escalations,
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts
);
SELECT helpline.isolate('helpline.escalation_contacts');
GRANT SELECT, INSERT ON helpline.escalation_contacts TO helpline_server;
COMMENT ON TABLE helpline.escalation_contacts IS 'Contacts of an escalation, the one it was raised from among them.';
CREATE INDEX contacts_of_escalation ON helpline.escalation_contacts (centre_id, escalation_id);

CREATE TABLE helpline.escalation_locations (
    centre_id uuid NOT NULL,
    escalation_id uuid NOT NULL,
    sequence integer NOT NULL CHECK (sequence > 0),
    source text NOT NULL CHECK (source IN ('said', 'network', 'device', 'concluded', 'responder')),
    -- Address or coordinates, as told.
    place_sealed bytea NOT NULL,
    -- When the child was there, as far as is known.
    observed_at timestamptz,
    reported_by uuid NOT NULL,
    reported_at timestamptz NOT NULL,
    PRIMARY KEY (centre_id, escalation_id, sequence),
    FOREIGN KEY (centre_id, escalation_id) REFERENCES helpline.escalations
);
SELECT helpline.isolate('helpline.escalation_locations');
GRANT SELECT, INSERT ON helpline.escalation_locations TO helpline_server;
COMMENT ON TABLE helpline.escalation_locations IS 'Where the child may be, each with where it is known from. Never overwritten.';

-- The timeline: written with every change, never altered, so that it can be read in court.
CREATE TABLE helpline.escalation_events (
    centre_id uuid NOT NULL,
    escalation_id uuid NOT NULL,
    sequence integer NOT NULL CHECK (sequence > 0),
    at timestamptz NOT NULL,
    event text NOT NULL,
    -- Null for what happened by itself.
    actor_id uuid,
    actor_role text,
    agency_id uuid,
    delivery_id uuid,
    -- Keys and numbers that explain it.
    detail jsonb,
    remark_sealed bytea,
    -- Whether responders who were told may read it.
    shared boolean NOT NULL DEFAULT false,
    PRIMARY KEY (centre_id, escalation_id, sequence),
    FOREIGN KEY (centre_id, escalation_id) REFERENCES helpline.escalations
);
SELECT helpline.isolate('helpline.escalation_events');
GRANT SELECT, INSERT ON helpline.escalation_events TO helpline_server;
COMMENT ON TABLE helpline.escalation_events IS 'Who was told what, when, by which way, and what they answered.';

ALTER TABLE helpline.disclosures ADD FOREIGN KEY (centre_id, escalation_id) REFERENCES helpline.escalations;
ALTER TABLE helpline.deliveries ADD FOREIGN KEY (centre_id, escalation_id) REFERENCES helpline.escalations;

-- A supervisor is asked for a second opinion, and it is known when none came.
CREATE TABLE helpline.second_opinions (
    centre_id uuid NOT NULL,
    opinion_id uuid NOT NULL,
    escalation_id uuid,
    contact_id uuid,
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    question_sealed bytea,
    alarmed_at timestamptz,
    answered_by uuid,
    answered_at timestamptz,
    answer text CHECK (answer IN ('escalate', 'do_not_escalate', 'stand_down', 'keep_going', 'call_me')),
    answer_sealed bytea,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, opinion_id),
    FOREIGN KEY (centre_id, escalation_id) REFERENCES helpline.escalations,
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts,
    CONSTRAINT about_one_thing CHECK ((escalation_id IS NULL) <> (contact_id IS NULL)),
    CONSTRAINT answered_by_another CHECK (answered_by IS DISTINCT FROM asked_by),
    CONSTRAINT answered_whole CHECK ((answered_by IS NULL) = (answered_at IS NULL) AND (answered_by IS NULL) = (answer IS NULL))
);
SELECT helpline.isolate('helpline.second_opinions');
GRANT SELECT, INSERT, UPDATE ON helpline.second_opinions TO helpline_server;
COMMENT ON TABLE helpline.second_opinions IS 'What supervisors were asked, and what they said.';
CREATE INDEX second_opinions_open ON helpline.second_opinions (centre_id, due_at) WHERE answered_at IS NULL;
