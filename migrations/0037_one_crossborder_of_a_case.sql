-- A child goes to one country at a time; and hand-overs that somebody must look at are found, said to have left or not.

CREATE UNIQUE INDEX one_open_crossborder_of_a_case ON helpline.crossborder_handovers (centre_id, case_id) WHERE ended_at IS NULL;
DROP INDEX helpline.crossborder_due;
CREATE INDEX crossborder_due ON helpline.crossborder_handovers (centre_id, due_at)
    WHERE due_at IS NOT NULL AND (alarms = 0 OR state = 'travel_planned');
DROP INDEX helpline.crossborder_alarmed;
