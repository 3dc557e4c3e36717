-- Migrant children: what they are afraid of and which missions learn nothing of them, their case handed to an organisation as a whole,
-- how long they stay for a time, and that they are held.

-- Of which country a mission is. None for one that was there before this was asked: it counts as of every country.
ALTER TABLE helpline.agencies
    ADD COLUMN country text CHECK (country ~ '^[A-Z]{2}$'),
    ADD CONSTRAINT missions_are_of_a_country CHECK (country IS NULL OR kind = 'embassy');

CREATE TABLE helpline.protections (
    centre_id uuid NOT NULL,
    protection_id uuid NOT NULL,
    case_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('fear', 'asylum', 'stateless')),
    -- Whose missions learn nothing; null for every country.
    country text CHECK (country ~ '^[A-Z]{2}$'),
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    lifted_by uuid,
    lifted_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, protection_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    CONSTRAINT lifted_by_somebody CHECK ((lifted_by IS NULL) = (lifted_at IS NULL))
);
SELECT helpline.isolate('helpline.protections');
GRANT SELECT, INSERT, UPDATE ON helpline.protections TO helpline_server;
COMMENT ON TABLE helpline.protections IS 'Countries that a child is afraid of, or asks for asylum against.';
CREATE UNIQUE INDEX protected_once ON helpline.protections (centre_id, case_id, kind, coalesce(country, '')) WHERE lifted_at IS NULL;
CREATE INDEX protections_of_case ON helpline.protections (centre_id, case_id);

CREATE TABLE helpline.consulate_overrides (
    centre_id uuid NOT NULL,
    override_id uuid NOT NULL,
    case_id uuid NOT NULL,
    agency_id uuid NOT NULL,
    field_classes text[] NOT NULL CHECK (
        cardinality(field_classes) > 0
        AND field_classes <@ ARRAY['identity', 'contact', 'location', 'narrative', 'health', 'legal', 'perpetrator', 'media', 'statistics']),
    ground text NOT NULL CHECK (ground IN ('life_in_danger', 'legal_duty', 'best_interests', 'court_order')),
    -- What stood when it was asked for: of what is recorded later it knows nothing.
    covers uuid[] NOT NULL,
    lifetime_s integer NOT NULL CHECK (lifetime_s > 0),
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    answered_by uuid,
    answered_at timestamptz,
    approved boolean NOT NULL DEFAULT false,
    expires_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, override_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    CONSTRAINT nobody_answers_their_own_override CHECK (NOT approved OR answered_by <> asked_by),
    CONSTRAINT overridden_by_somebody CHECK ((answered_by IS NULL) = (answered_at IS NULL) AND (NOT approved OR answered_by IS NOT NULL)),
    CONSTRAINT approved_for_a_time CHECK (NOT approved OR expires_at IS NOT NULL)
);
SELECT helpline.isolate('helpline.consulate_overrides');
GRANT SELECT, INSERT, UPDATE ON helpline.consulate_overrides TO helpline_server;
COMMENT ON TABLE helpline.consulate_overrides IS 'What a mission may learn of a child although the child is afraid of its country: asked for by one, approved by another.';
CREATE INDEX overrides_of_case ON helpline.consulate_overrides (centre_id, case_id);

-- Every case of the children whom these cases are of.
CREATE FUNCTION helpline.cases_of_child(of_centre uuid, named uuid[]) RETURNS uuid[]
    LANGUAGE sql STABLE
    AS $$
    SELECT ARRAY(
        SELECT o.case_id FROM helpline.cases o
        WHERE o.centre_id = of_centre AND o.person_id = ANY (ARRAY(
            SELECT helpline.records_of(of_centre, c.person_id) FROM helpline.cases c WHERE c.centre_id = of_centre AND c.case_id = ANY (named))))
$$;

-- Whether a child of these cases is afraid of a country; of none, whether of any.
CREATE FUNCTION helpline.is_feared(of_centre uuid, named uuid[], of_country text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT EXISTS (
        SELECT FROM helpline.protections p
        WHERE p.centre_id = of_centre AND p.case_id = ANY (helpline.cases_of_child(of_centre, named)) AND p.lifted_at IS NULL
          AND (p.country IS NULL OR of_country IS NULL OR p.country = of_country))
$$;

-- What an agency may learn at most of a child of these cases, by class of field: null for whatever was agreed, nothing for the mission of
-- a country that the child is afraid of, and then what an override in force lets through that knew of all that stands.
CREATE FUNCTION helpline.gate(of_centre uuid, of_agency uuid, named uuid[]) RETURNS text[]
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    mission record;
    of_child uuid[];
    standing uuid[];
BEGIN
    SELECT a.country INTO mission FROM helpline.agencies a
    WHERE a.centre_id = of_centre AND a.agency_id = of_agency AND a.kind = 'embassy';
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    of_child := helpline.cases_of_child(of_centre, named);
    standing := ARRAY(
        SELECT p.protection_id FROM helpline.protections p
        WHERE p.centre_id = of_centre AND p.case_id = ANY (of_child) AND p.lifted_at IS NULL
          AND (p.country IS NULL OR mission.country IS NULL OR p.country = mission.country));
    IF cardinality(standing) = 0 THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY(
        SELECT DISTINCT class.key FROM helpline.consulate_overrides o CROSS JOIN LATERAL unnest(o.field_classes) AS class (key)
        WHERE o.centre_id = of_centre AND o.case_id = ANY (of_child) AND o.agency_id = of_agency AND o.approved
          AND o.expires_at > helpline.now() AND standing <@ o.covers);
END $$;

-- The same of what an escalation, a referral or a hand-over across a border is about, whichever is named.
CREATE FUNCTION helpline.gate_of(of_centre uuid, of_agency uuid, escalation uuid, referral uuid, crossborder uuid) RETURNS text[]
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM helpline.agencies a WHERE a.centre_id = of_centre AND a.agency_id = of_agency AND a.kind = 'embassy')
    THEN
        RETURN NULL;
    END IF;
    RETURN helpline.gate(of_centre, of_agency, ARRAY(
        SELECT e.case_id FROM helpline.escalations e
        WHERE e.centre_id = of_centre AND e.escalation_id = escalation AND e.case_id IS NOT NULL
        UNION
        SELECT k.case_id FROM helpline.escalation_contacts x
        JOIN helpline.case_contacts k ON k.centre_id = of_centre AND k.contact_id = x.contact_id
        WHERE x.centre_id = of_centre AND x.escalation_id = escalation
        UNION
        SELECT r.case_id FROM helpline.referrals r
        WHERE r.centre_id = of_centre AND r.referral_id = referral AND r.case_id IS NOT NULL
        UNION
        SELECT k.case_id FROM helpline.referrals r
        JOIN helpline.case_contacts k ON k.centre_id = of_centre AND k.contact_id = r.contact_id
        WHERE r.centre_id = of_centre AND r.referral_id = referral
        UNION
        SELECT h.case_id FROM helpline.crossborder_handovers h
        WHERE h.centre_id = of_centre AND h.crossborder_id = crossborder));
END $$;

-- Fear that was recorded with a hand-over across a border is fear of that country, recorded for the case.
INSERT INTO helpline.protections (centre_id, protection_id, case_id, kind, country, recorded_by, recorded_at)
SELECT DISTINCT ON (h.centre_id, h.case_id, h.country) h.centre_id, h.crossborder_id, h.case_id, 'fear', h.country, h.prepared_by, h.changed_at
FROM helpline.crossborder_handovers h
WHERE h.decision -> 'inputs' -> 'fear_recorded' = 'true'::jsonb
ORDER BY h.centre_id, h.case_id, h.country, h.crossborder_id;

CREATE TABLE helpline.redirects (
    centre_id uuid NOT NULL,
    redirect_id uuid NOT NULL,
    case_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('preliminary_enquiry', 'temporary_care', 'requested', 'accepted', 'social_assessment', 'conference',
        'plan', 'reviews', 'no_action', 'closed')),
    -- The referral by which an organisation is asked to take the case on.
    referral_id uuid,
    -- When the next step is due.
    due_at timestamptz,
    -- Who took part in the conference, and what it advised.
    members_sealed bytea,
    advice_sealed bytea,
    -- Why somebody departs from the advice, and what they answer the conference.
    departure_sealed bytea,
    departed_by uuid,
    answer_sealed bytea,
    answer_task_id uuid,
    answered_at timestamptz,
    begun_by uuid NOT NULL,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, redirect_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    FOREIGN KEY (centre_id, referral_id) REFERENCES helpline.referrals,
    FOREIGN KEY (centre_id, answer_task_id) REFERENCES helpline.tasks,
    CONSTRAINT ended_redirect_has_an_end CHECK ((state IN ('no_action', 'closed')) = (ended_at IS NOT NULL)),
    CONSTRAINT redirected_by_a_referral CHECK (state NOT IN ('requested', 'accepted') OR referral_id IS NOT NULL),
    CONSTRAINT departure_is_answered CHECK (
        (departed_by IS NULL) = (answer_task_id IS NULL) AND (answered_at IS NULL OR departed_by IS NOT NULL))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.redirects');
GRANT SELECT, INSERT, UPDATE ON helpline.redirects TO helpline_server;
COMMENT ON TABLE helpline.redirects IS 'Cases that an organisation is asked to take on as a whole, and what becomes of the child when none does.';
CREATE TRIGGER ended_redirect_stays_ended BEFORE UPDATE OF state ON helpline.redirects
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
CREATE UNIQUE INDEX one_open_redirect_of_a_case ON helpline.redirects (centre_id, case_id) WHERE ended_at IS NULL;
CREATE INDEX redirects_of_case ON helpline.redirects (centre_id, case_id);
CREATE INDEX redirects_of_referral ON helpline.redirects (centre_id, referral_id) WHERE ended_at IS NULL AND referral_id IS NOT NULL;
CREATE INDEX redirects_due ON helpline.redirects (centre_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX redirects_unanswered ON helpline.redirects (centre_id, answer_task_id) WHERE answer_task_id IS NOT NULL AND answered_at IS NULL;

CREATE TABLE helpline.detentions (
    centre_id uuid NOT NULL,
    detention_id uuid NOT NULL,
    case_id uuid NOT NULL,
    place_kind text NOT NULL CHECK (place_kind IN ('police_station', 'border_post', 'immigration_facility', 'prison', 'closed_shelter', 'other')),
    since timestamptz NOT NULL,
    -- When it is next to be reviewed, and when it next alarms.
    review_at timestamptz,
    alarm_at timestamptz,
    alarms integer NOT NULL DEFAULT 0,
    -- What was given to be done because of it; what is left of that ends with it.
    task_ids uuid[] NOT NULL DEFAULT '{}',
    outcome text CHECK (outcome IN ('released_to_family', 'community_care', 'foster_care', 'supervised_group', 'shelter', 'returned',
        'transferred', 'unknown')),
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    ended_by uuid,
    ended_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, detention_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    CONSTRAINT ended_detention_has_an_outcome CHECK (
        (ended_at IS NULL) = (outcome IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (alarm_at IS NOT NULL)
        AND (ended_at IS NULL) = (review_at IS NOT NULL))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.detentions');
GRANT SELECT, INSERT, UPDATE ON helpline.detentions TO helpline_server;
COMMENT ON TABLE helpline.detentions IS 'Children who are held, since when, and how it ended.';
CREATE UNIQUE INDEX one_detention_at_a_time ON helpline.detentions (centre_id, case_id) WHERE ended_at IS NULL;
CREATE INDEX detentions_of_case ON helpline.detentions (centre_id, case_id);
CREATE INDEX detentions_due ON helpline.detentions (centre_id, least(review_at, alarm_at)) WHERE ended_at IS NULL;
CREATE INDEX detentions_alarmed ON helpline.detentions (centre_id) WHERE alarms > 0 AND ended_at IS NULL;

CREATE TABLE helpline.stay_limits (
    centre_id uuid NOT NULL,
    admission_id uuid NOT NULL,
    -- When it should end at the latest, and how long before supervisors are told.
    until_at timestamptz NOT NULL,
    warned_at timestamptz NOT NULL,
    -- When the child must have a guardian; null once that was looked at.
    guardian_at timestamptz,
    extended_by uuid,
    reason_sealed bytea,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, admission_id),
    FOREIGN KEY (centre_id, admission_id) REFERENCES helpline.admissions,
    CONSTRAINT warned_before_the_end CHECK (warned_at <= until_at),
    CONSTRAINT extended_for_a_reason CHECK ((extended_by IS NULL) = (reason_sealed IS NULL))
);
SELECT helpline.isolate('helpline.stay_limits');
GRANT SELECT, INSERT, UPDATE ON helpline.stay_limits TO helpline_server;
COMMENT ON TABLE helpline.stay_limits IS 'Until when a stay is meant to last, beside the stay.';
CREATE INDEX stay_limits_near ON helpline.stay_limits (centre_id, warned_at);
CREATE INDEX stay_limits_guardian ON helpline.stay_limits (centre_id, guardian_at) WHERE guardian_at IS NOT NULL;
