-- Children who come back together: cohorts, who may know of them, and where each child stands.

CREATE TABLE helpline.cohorts (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    cohort_id uuid NOT NULL,
    display_name_sealed bytea NOT NULL,
    -- When its children are expected, unless something else was said of one.
    expected_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    announced integer NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, cohort_id)
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.cohorts');
GRANT SELECT, INSERT, UPDATE ON helpline.cohorts TO helpline_server;
COMMENT ON TABLE helpline.cohorts IS 'Children who come back together.';

CREATE TABLE helpline.cohort_grants (
    centre_id uuid NOT NULL,
    cohort_id uuid NOT NULL,
    counsellor_id uuid NOT NULL,
    granted_by uuid NOT NULL,
    granted_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (centre_id, cohort_id, counsellor_id),
    FOREIGN KEY (centre_id, cohort_id) REFERENCES helpline.cohorts,
    FOREIGN KEY (centre_id, counsellor_id) REFERENCES helpline.counsellors
);
SELECT helpline.isolate('helpline.cohort_grants');
GRANT SELECT, INSERT, UPDATE ON helpline.cohort_grants TO helpline_server;
COMMENT ON TABLE helpline.cohort_grants IS 'Which counsellors may know of a cohort.';
CREATE INDEX cohorts_of_counsellor ON helpline.cohort_grants (centre_id, counsellor_id) WHERE revoked_at IS NULL;

CREATE TABLE helpline.returnees (
    centre_id uuid NOT NULL,
    returnee_id uuid NOT NULL,
    cohort_id uuid NOT NULL,
    -- The record that was made for the child; merges are read, never written here.
    person_id uuid NOT NULL,
    list_key_sealed bytea NOT NULL,
    list_key_index bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('announced', 'arrived', 'first_rehabilitation', 'settled', 'monitored', 'closed', 'not_arrived')),
    expected_at timestamptz NOT NULL,
    region text,
    -- Why the child did not come.
    reason text CHECK (reason IN ('did_not_travel', 'held', 'went_elsewhere', 'died', 'duplicate', 'entered_in_error')),
    announced_by uuid NOT NULL,
    announced_at timestamptz NOT NULL,
    arrived_at timestamptz,
    rehabilitated_at timestamptz,
    settled_at timestamptz,
    monitored_at timestamptz,
    -- When it was closed, or it was said that the child does not come.
    ended_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, returnee_id),
    FOREIGN KEY (centre_id, cohort_id) REFERENCES helpline.cohorts,
    FOREIGN KEY (centre_id, person_id) REFERENCES helpline.persons,
    CONSTRAINT announced_once UNIQUE (centre_id, cohort_id, list_key_index),
    CONSTRAINT not_arrived_for_a_reason CHECK ((state = 'not_arrived') = (reason IS NOT NULL)),
    CONSTRAINT ended_returnee_has_an_end CHECK ((state IN ('closed', 'not_arrived')) = (ended_at IS NOT NULL)),
    CONSTRAINT here_since_some_time CHECK ((state IN ('announced', 'not_arrived')) = (arrived_at IS NULL)),
    CONSTRAINT settled_somewhere CHECK (
        (state IN ('settled', 'monitored', 'closed')) = (region IS NOT NULL) AND (region IS NULL) = (settled_at IS NULL)),
    CONSTRAINT one_after_the_other CHECK (
        (state NOT IN ('first_rehabilitation', 'settled', 'monitored', 'closed') OR rehabilitated_at IS NOT NULL)
        AND (state NOT IN ('monitored', 'closed') OR monitored_at IS NOT NULL))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.returnees');
GRANT SELECT, INSERT, UPDATE ON helpline.returnees TO helpline_server;
COMMENT ON TABLE helpline.returnees IS 'Children of cohorts, and where each of them stands.';
CREATE INDEX returnees_of_cohort ON helpline.returnees (centre_id, cohort_id, returnee_id);
CREATE INDEX returnees_of_person ON helpline.returnees (centre_id, person_id);
CREATE INDEX returnees_expected ON helpline.returnees (centre_id, expected_at) WHERE state = 'announced';
CREATE INDEX returnees_to_settle ON helpline.returnees (centre_id, arrived_at) WHERE state IN ('arrived', 'first_rehabilitation');
CREATE INDEX returnees_followed ON helpline.returnees (centre_id, person_id) WHERE state IN ('settled', 'monitored');
CREATE TRIGGER closed_returnee_stays_closed BEFORE UPDATE OF state ON helpline.returnees
    FOR EACH ROW WHEN (OLD.state = 'closed' AND NEW.state <> 'closed')
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();

-- Whoever teaches a child need not know where the child comes from: a school is told who comes, and how to reach those who care for them.
UPDATE helpline.agencies SET revision = revision + 1,
    field_classes = ARRAY(SELECT class FROM unnest(field_classes) class WHERE class IN ('identity', 'contact') ORDER BY class)
WHERE kind = 'school' AND NOT field_classes <@ ARRAY['identity', 'contact'];
ALTER TABLE helpline.agencies ADD CONSTRAINT a_school_is_told_little
    CHECK (kind <> 'school' OR field_classes <@ ARRAY['identity', 'contact']);
