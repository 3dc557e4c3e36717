-- Switchboard: a supervisor diverts what newly comes for a queue.

CREATE TABLE helpline.diversions (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    diversion_id uuid NOT NULL,
    queue text NOT NULL,
    -- Where new contacts go: to another queue, or to one person alone.
    to_queue text,
    to_counsellor_id uuid,
    -- Token of the supervisor who owns the switch.
    owner_id uuid NOT NULL,
    -- Words of a supervisor about the work, never about a child.
    reason text NOT NULL CHECK (length(reason) <= 200),
    -- What becomes of diverted contacts that still wait when it ends.
    on_end text NOT NULL CHECK (on_end IN ('return_waiting', 'leave')),
    begun_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text CHECK (ended_by IN ('owner', 'time', 'counsellor_gone')),
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, diversion_id),
    FOREIGN KEY (centre_id, to_counsellor_id) REFERENCES helpline.counsellors,
    CONSTRAINT goes_to_one_place CHECK ((to_queue IS NULL) <> (to_counsellor_id IS NULL) AND to_queue IS DISTINCT FROM queue),
    CONSTRAINT ended_diversion_says_how CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
SELECT helpline.isolate('helpline.diversions');
GRANT SELECT, INSERT, UPDATE ON helpline.diversions TO helpline_server;
COMMENT ON TABLE helpline.diversions IS 'Queues diverted by a supervisor: a row, so that the switch outlives every process.';
-- The switch of a queue has one position and one owner.
CREATE UNIQUE INDEX diversions_one_open_per_queue ON helpline.diversions (centre_id, queue) WHERE ended_at IS NULL;

-- Under which diversion a contact came, and what it was before: set while it is to be given back at the end.
ALTER TABLE helpline.contacts
    ADD COLUMN diversion_id uuid,
    ADD COLUMN original_queue text,
    ADD COLUMN original_skills jsonb,
    ADD COLUMN original_signature bytea,
    -- The only person it is offered to, until it is answered or the diversion ends.
    ADD COLUMN directed_to uuid;
CREATE INDEX contacts_diverted ON helpline.contacts (centre_id, diversion_id) WHERE diversion_id IS NOT NULL AND state = 'waiting';
