-- Assessments of children's situations by forms of the settings.

CREATE TABLE helpline.assessments (
    centre_id uuid NOT NULL,
    assessment_id uuid NOT NULL,
    -- Human-sized: said on the telephone.
    number bigint GENERATED ALWAYS AS IDENTITY,
    case_id uuid NOT NULL,
    -- Which form, by which version of the settings, and all of it: what was asked stays as it was asked.
    form text NOT NULL,
    settings_version bigint NOT NULL,
    form_content jsonb NOT NULL,
    subject text NOT NULL CHECK (subject IN ('child', 'adult')),
    state text NOT NULL CHECK (state IN ('draft', 'completed')),
    -- Answers by question: one document.
    answers_sealed bytea,
    -- Everybody who has written in it.
    authors uuid[] NOT NULL,
    started_at timestamptz NOT NULL,
    completed_by uuid,
    completed_at timestamptz,
    -- What was computed: the whole, and by dimension.
    outcome text CHECK (outcome IN ('negative', 'unclear', 'positive')),
    findings_sealed bytea,
    -- The completed one that this is written in place of, once it is completed.
    supersedes uuid,
    approval text CHECK (approval IN ('asked', 'approved', 'refused')),
    approval_asked_by uuid,
    approval_answered_by uuid,
    -- What somebody judges beside the computed outcome.
    override_outcome text CHECK (override_outcome IN ('negative', 'unclear', 'positive')),
    override_reason_sealed bytea,
    override_by uuid,
    override_state text CHECK (override_state IN ('in_force', 'asked', 'approved', 'refused')),
    override_answered_by uuid,
    -- Tasks that its completion gave: to assess again, and to act on a positive outcome.
    again_task_id uuid,
    follow_up_task_id uuid,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, assessment_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    FOREIGN KEY (centre_id, supersedes) REFERENCES helpline.assessments,
    FOREIGN KEY (centre_id, again_task_id) REFERENCES helpline.tasks,
    FOREIGN KEY (centre_id, follow_up_task_id) REFERENCES helpline.tasks,
    CONSTRAINT completed_with_a_result CHECK (
        (state = 'completed') = (outcome IS NOT NULL) AND (state = 'completed') = (findings_sealed IS NOT NULL)
        AND (state = 'completed') = (completed_by IS NOT NULL) AND (state = 'completed') = (completed_at IS NOT NULL)),
    CONSTRAINT nothing_follows_a_draft CHECK (
        state = 'completed' OR approval IS NULL AND override_state IS NULL AND again_task_id IS NULL AND follow_up_task_id IS NULL),
    CONSTRAINT assessment_approval_asked_by_somebody CHECK (
        (approval IS NULL) = (approval_asked_by IS NULL) AND (approval IN ('approved', 'refused')) IS TRUE = (approval_answered_by IS NOT NULL)),
    CONSTRAINT nobody_approves_their_own_assessment CHECK (
        approval_answered_by IS NULL OR approval_answered_by <> approval_asked_by AND approval_answered_by <> ALL (authors)),
    CONSTRAINT overridden_with_all_of_it CHECK (
        (override_state IS NULL) = (override_outcome IS NULL) AND (override_state IS NULL) = (override_by IS NULL)
        AND (override_state IS NULL) = (override_reason_sealed IS NULL)
        AND (override_state IN ('approved', 'refused')) IS TRUE = (override_answered_by IS NOT NULL)),
    CONSTRAINT nobody_approves_their_own_override CHECK (override_answered_by <> override_by),
    CONSTRAINT less_is_approved_by_another CHECK (
        override_state <> 'in_force'
        OR array_position(ARRAY['negative', 'unclear', 'positive'], override_outcome)
            > array_position(ARRAY['negative', 'unclear', 'positive'], outcome))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.assessments');
GRANT SELECT, INSERT, UPDATE ON helpline.assessments TO helpline_server;
COMMENT ON TABLE helpline.assessments IS 'Assessments of cases: what was asked and answered, what it comes to, and who agreed.';
CREATE UNIQUE INDEX one_draft_of_a_form ON helpline.assessments (centre_id, case_id, form)
    WHERE state = 'draft' AND supersedes IS NULL;
CREATE UNIQUE INDEX revised_once ON helpline.assessments (centre_id, supersedes) WHERE supersedes IS NOT NULL;
CREATE INDEX assessments_of_case ON helpline.assessments (centre_id, case_id, form);

-- What was answered and what it came to stay as they were.
CREATE FUNCTION helpline.refuse_rewriting_assessment() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    RAISE EXCEPTION 'a completed assessment is not written anew'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'completed_assessment_stays';
END $$;
CREATE TRIGGER completed_assessment_stays BEFORE UPDATE ON helpline.assessments
    FOR EACH ROW WHEN (OLD.state = 'completed' AND (
        NEW.state <> OLD.state OR NEW.answers_sealed IS DISTINCT FROM OLD.answers_sealed OR NEW.outcome <> OLD.outcome
        OR NEW.findings_sealed <> OLD.findings_sealed OR NEW.form_content <> OLD.form_content OR NEW.authors <> OLD.authors))
    EXECUTE FUNCTION helpline.refuse_rewriting_assessment();
