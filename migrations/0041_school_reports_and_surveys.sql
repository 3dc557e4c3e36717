-- Reports of abuse at schools, the schools that they are about, and what was answered after contacts.

CREATE TABLE helpline.schools (
    centre_id uuid NOT NULL,
    school_id uuid NOT NULL,
    -- Keyed hash of the folded name: no name stands here.
    name_index bytea NOT NULL,
    -- When the last reports about it were filed, as many as a pattern can ask for.
    recent timestamptz[] NOT NULL,
    -- Until when a pattern is not told of again.
    pattern_until timestamptz,
    PRIMARY KEY (centre_id, school_id),
    CONSTRAINT schools_once UNIQUE (centre_id, name_index)
);
SELECT helpline.isolate('helpline.schools');
GRANT SELECT, INSERT, UPDATE ON helpline.schools TO helpline_server;
COMMENT ON TABLE helpline.schools IS 'Schools that reports are about, without their names; the row of one is where all who report about it meet.';
CREATE INDEX schools_with_a_pattern ON helpline.schools (centre_id, pattern_until) WHERE pattern_until IS NOT NULL;

CREATE TABLE helpline.school_reports (
    centre_id uuid NOT NULL,
    school_report_id uuid NOT NULL,
    -- Told to the reporter. By chance: it does not count.
    reference text NOT NULL CHECK (reference ~ '^[0-9]{5}-[0-9]{5}$'),
    contact_id uuid NOT NULL,
    school_id uuid NOT NULL,
    -- Reports of the same incident have the same one.
    incident_id uuid NOT NULL,
    reporter text NOT NULL CHECK (
        reporter IN ('child', 'pupil', 'parent', 'teacher', 'school_staff', 'other_professional', 'other', 'anonymous')),
    perpetrator text NOT NULL CHECK (perpetrator IN ('pupil', 'staff', 'other', 'unknown')),
    categories text[] NOT NULL CHECK (cardinality(categories) BETWEEN 1 AND 10),
    first_day date NOT NULL,
    last_day date NOT NULL,
    wants_feedback boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('received', 'assessed', 'reported', 'not_reportable', 'feedback_given', 'feedback_impossible', 'closed')),
    -- When the next step is due.
    due_at timestamptz,
    filed_by uuid NOT NULL,
    filed_at timestamptz NOT NULL,
    risk smallint CHECK (risk BETWEEN 0 AND 5),
    report_demanded boolean,
    not_reportable_reason text,
    assessed_by uuid,
    approved_by uuid,
    -- The report to the authority.
    escalation_id uuid,
    -- What the reporter was told, or why not.
    feedback text,
    closed_at timestamptz,
    school_sealed bytea NOT NULL,
    narrative_sealed bytea,
    reporter_contact_sealed bytea,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, school_report_id),
    CONSTRAINT school_reports_reference UNIQUE (centre_id, reference),
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts,
    FOREIGN KEY (centre_id, school_id) REFERENCES helpline.schools,
    FOREIGN KEY (centre_id, escalation_id) REFERENCES helpline.escalations,
    CONSTRAINT incident_has_an_end CHECK (last_day >= first_day),
    CONSTRAINT nobody_calls_who_is_anonymous CHECK (reporter <> 'anonymous' OR reporter_contact_sealed IS NULL),
    CONSTRAINT closed_school_report_has_an_end CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CONSTRAINT live_school_report_is_due CHECK ((state = 'closed') = (due_at IS NULL)),
    CONSTRAINT assessed_by_somebody CHECK (
        state = 'received' OR assessed_by IS NOT NULL AND risk IS NOT NULL AND report_demanded IS NOT NULL),
    CONSTRAINT not_reportable_for_a_reason CHECK (report_demanded IS NULL OR report_demanded = (not_reportable_reason IS NULL)),
    -- What the law demands is reported; what is not reported two people have agreed on.
    CONSTRAINT reported_or_approved CHECK (
        state IN ('received', 'assessed') OR CASE WHEN report_demanded THEN escalation_id IS NOT NULL ELSE approved_by IS NOT NULL END),
    CONSTRAINT nobody_approves_their_own_silence CHECK (approved_by IS NULL OR approved_by NOT IN (assessed_by, filed_by))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.school_reports');
GRANT SELECT, INSERT, UPDATE ON helpline.school_reports TO helpline_server;
COMMENT ON TABLE helpline.school_reports IS 'Reports of abuse at schools: each is assessed, reported or agreed not to be, and answered.';
CREATE INDEX school_reports_due ON helpline.school_reports (centre_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX school_reports_in_state ON helpline.school_reports (centre_id, state, school_report_id);
CREATE INDEX school_reports_of_school ON helpline.school_reports (centre_id, school_id, school_report_id);
CREATE INDEX school_reports_of_incident ON helpline.school_reports (centre_id, incident_id);
CREATE INDEX school_reports_of_escalation ON helpline.school_reports (centre_id, escalation_id) WHERE escalation_id IS NOT NULL;
CREATE INDEX school_reports_of_contact ON helpline.school_reports (centre_id, contact_id);

CREATE TABLE helpline.surveys (
    centre_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    felt_helped smallint CHECK (felt_helped BETWEEN 1 AND 5),
    would_recommend boolean,
    told_about_rights boolean,
    feels_safe boolean,
    words_sealed bytea,
    -- Why supervisors are told: `feels_safe`, or the key of a risk rule.
    danger text,
    recorded_at timestamptz NOT NULL,
    reviewed_at timestamptz,
    reviewed_by uuid,
    revision bigint NOT NULL DEFAULT 1,
    -- The first stands.
    PRIMARY KEY (centre_id, contact_id),
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts,
    CONSTRAINT reviewed_by_somebody CHECK ((reviewed_at IS NULL) = (reviewed_by IS NULL))
);
SELECT helpline.isolate('helpline.surveys');
GRANT SELECT, INSERT, UPDATE ON helpline.surveys TO helpline_server;
COMMENT ON TABLE helpline.surveys IS 'What those who reached the helpline answered afterwards.';
CREATE INDEX surveys_in_danger ON helpline.surveys (centre_id) WHERE danger IS NOT NULL AND reviewed_at IS NULL;
