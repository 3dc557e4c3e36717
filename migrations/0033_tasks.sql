-- Tasks of cases: something due, done by somebody, that alarms upward when it is late.

CREATE TABLE helpline.tasks (
    centre_id uuid NOT NULL,
    task_id uuid NOT NULL,
    -- Human-sized: said on the telephone.
    number bigint GENERATED ALWAYS AS IDENTITY,
    case_id uuid NOT NULL,
    -- What is to be done, and which side of the child's life it is about: keys.
    task text NOT NULL,
    domain text,
    note_sealed bytea,
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'completed', 'cancelled')),
    -- Its one owner inside the centre: a counsellor, or the token of a supervisor.
    owner_id uuid NOT NULL,
    -- To whom it goes back when the owner does not do it.
    given_by uuid NOT NULL,
    -- The agency that is to do it, and the referral under which it may know of it.
    agency_id uuid,
    referral_id uuid,
    due_at timestamptz NOT NULL,
    -- How many rungs of the alarm were climbed, and when the next is.
    climbed integer NOT NULL DEFAULT 0 CHECK (climbed BETWEEN 0 AND 4),
    look_at timestamptz,
    -- The plan that asked for it, and which of its tasks it is.
    plan text,
    plan_step integer CHECK (plan_step > 0),
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, task_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    FOREIGN KEY (centre_id, referral_id) REFERENCES helpline.referrals,
    CONSTRAINT each_step_of_a_plan_once UNIQUE (centre_id, case_id, plan, plan_step),
    CONSTRAINT a_step_of_something CHECK ((plan IS NULL) = (plan_step IS NULL)),
    CONSTRAINT known_under_a_referral CHECK ((agency_id IS NULL) = (referral_id IS NULL)),
    CONSTRAINT ended_task_has_an_end CHECK ((state IN ('completed', 'cancelled')) = (ended_at IS NOT NULL)),
    CONSTRAINT climbs_while_open CHECK ((look_at IS NOT NULL) = (ended_at IS NULL AND climbed < 4))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.tasks');
GRANT SELECT, INSERT, UPDATE ON helpline.tasks TO helpline_server;
COMMENT ON TABLE helpline.tasks IS 'What is to be done for a child, by whom, until when.';
CREATE TRIGGER ended_task_stays_ended BEFORE UPDATE OF state ON helpline.tasks
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
CREATE INDEX tasks_to_look_at ON helpline.tasks (centre_id, look_at) WHERE look_at IS NOT NULL;
CREATE INDEX tasks_open ON helpline.tasks (centre_id, case_id) WHERE ended_at IS NULL;
CREATE INDEX tasks_alarmed ON helpline.tasks (centre_id) WHERE climbed >= 3 AND ended_at IS NULL;
CREATE INDEX tasks_of_owner ON helpline.tasks (centre_id, owner_id) WHERE ended_at IS NULL;
CREATE INDEX tasks_of_agency ON helpline.tasks (centre_id, agency_id) WHERE agency_id IS NOT NULL;
