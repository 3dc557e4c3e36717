-- The board of all bodies: who has said no to a task stays with it, and what a body cannot do any more is found at once.

-- In the order in which they said it; who is asked again is not there.
ALTER TABLE helpline.tasks ADD COLUMN declined_by uuid[] NOT NULL DEFAULT '{}';
CREATE INDEX tasks_at_agencies ON helpline.tasks (centre_id, task_id) WHERE agency_id IS NOT NULL AND ended_at IS NULL;
CREATE INDEX tasks_declined ON helpline.tasks (centre_id, due_at, task_id)
    WHERE ended_at IS NULL AND agency_id IS NULL AND declined_by <> '{}';
