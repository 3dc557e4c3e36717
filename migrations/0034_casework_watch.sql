-- Who looked behind the glass is looked at; what came under the wrong child can be moved; what was allowed has an object.

-- Each time somebody let themselves into a case, until a supervisor has looked at it.
CREATE TABLE helpline.glass_breaks (
    centre_id uuid NOT NULL,
    -- The entry of the timeline that says so, with the reason.
    entry_id uuid NOT NULL,
    case_id uuid NOT NULL,
    counsellor_id uuid NOT NULL,
    broken_at timestamptz NOT NULL,
    reviewed_by uuid,
    reviewed_at timestamptz,
    justified boolean,
    PRIMARY KEY (centre_id, entry_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    FOREIGN KEY (centre_id, counsellor_id) REFERENCES helpline.counsellors,
    CONSTRAINT reviewed_by_another CHECK (reviewed_by <> counsellor_id),
    CONSTRAINT a_review_has_all_of_it CHECK (
        (reviewed_at IS NULL) = (reviewed_by IS NULL) AND (reviewed_at IS NULL) = (justified IS NULL))
);
SELECT helpline.isolate('helpline.glass_breaks');
GRANT SELECT, INSERT, UPDATE ON helpline.glass_breaks TO helpline_server;
COMMENT ON TABLE helpline.glass_breaks IS 'Who let themselves into a case, and what a supervisor thought of it.';
CREATE INDEX glass_to_review ON helpline.glass_breaks (centre_id, case_id) WHERE reviewed_at IS NULL;

-- What was allowed was what was open at that moment.
ALTER TABLE helpline.cases ADD COLUMN approved_at timestamptz;
UPDATE helpline.cases SET approved_at = changed_at WHERE approved_by IS NOT NULL;
ALTER TABLE helpline.cases ADD CONSTRAINT approved_at_some_time CHECK ((approved_at IS NULL) = (approved_by IS NULL));
CREATE INDEX cases_open ON helpline.cases (centre_id, case_id) WHERE closed_at IS NULL;

-- A contact that was linked by mistake is linked no more; the timeline says both.
GRANT DELETE ON helpline.case_contacts TO helpline_server;

-- Another child is a second case, too.
DROP TRIGGER reopened_case_is_the_only_one ON helpline.cases;
CREATE TRIGGER changed_case_is_the_only_one BEFORE UPDATE OF closed_at, person_id ON helpline.cases
    FOR EACH ROW WHEN (
        NEW.closed_at IS NULL AND NOT NEW.additional AND (OLD.closed_at IS NOT NULL OR OLD.person_id <> NEW.person_id))
    EXECUTE FUNCTION helpline.refuse_second_case();

-- By which version of the settings the next rung of a task was set.
ALTER TABLE helpline.tasks ADD COLUMN ladder_version bigint NOT NULL DEFAULT 0;
CREATE INDEX tasks_by_ladder ON helpline.tasks (centre_id, ladder_version) WHERE look_at IS NOT NULL;
-- The first due first, however many are over.
CREATE INDEX tasks_due ON helpline.tasks (centre_id, due_at, task_id) WHERE ended_at IS NULL;
CREATE INDEX tasks_of_case ON helpline.tasks (centre_id, case_id, due_at, task_id);
CREATE INDEX merges_asked ON helpline.person_merges (centre_id, merge_id) WHERE state = 'asked';

-- A plan that is over can be begun once more: a child comes home a second time.
ALTER TABLE helpline.tasks ADD COLUMN plan_run integer CHECK (plan_run > 0);
UPDATE helpline.tasks SET plan_run = 1 WHERE plan IS NOT NULL;
ALTER TABLE helpline.tasks
    DROP CONSTRAINT each_step_of_a_plan_once,
    ADD CONSTRAINT each_step_of_a_plan_once UNIQUE (centre_id, case_id, plan, plan_run, plan_step),
    ADD CONSTRAINT a_run_of_something CHECK ((plan IS NULL) = (plan_run IS NULL));
