-- Opening hours, people on call, and what was done about contacts that nobody on shift could take.

-- Somebody on call is not on shift, and is offered what is serious when nobody on shift could take it.
ALTER TABLE helpline.presences DROP CONSTRAINT presences_state_check;
ALTER TABLE helpline.presences ADD CONSTRAINT presences_state_check
    CHECK (state IN ('offline', 'not_ready', 'ready', 'on_call'));

-- One row per contact about which something was done beside its waiting. Served contacts have none.
CREATE TABLE helpline.arrangements (
    centre_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    outlook text NOT NULL CHECK (outlook IN ('closed', 'nobody_on_shift')),
    -- What was done, in order: fallback_queue, on_call, overflow, callback.
    steps text[] NOT NULL CHECK (cardinality(steps) > 0),
    -- The queue it came for, when it was placed in another.
    from_queue text,
    -- When its queue opens, as known at the last step.
    opens_at timestamptz,
    -- Told to the person together with the promise of a callback; says nothing about anybody.
    reference text CHECK (reference ~ '^[0-9]{8}$'),
    arranged_at timestamptz NOT NULL,
    PRIMARY KEY (centre_id, contact_id),
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts
);
SELECT helpline.isolate('helpline.arrangements');
GRANT SELECT, INSERT, UPDATE ON helpline.arrangements TO helpline_server;
COMMENT ON TABLE helpline.arrangements IS 'What was done about contacts that nobody on shift could take.';
-- What may need a next step.
CREATE INDEX arrangements_open ON helpline.arrangements (centre_id, arranged_at) WHERE steps[cardinality(steps)] <> 'callback';
CREATE INDEX arrangements_reference ON helpline.arrangements (centre_id, reference) WHERE reference IS NOT NULL;

-- Which queues were last seen open or closed, so that closing time is told once by whichever server notices it.
CREATE TABLE helpline.queue_openings (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    queue text NOT NULL,
    open boolean NOT NULL,
    since_at timestamptz NOT NULL,
    PRIMARY KEY (centre_id, queue)
);
SELECT helpline.isolate('helpline.queue_openings');
GRANT SELECT, INSERT, UPDATE ON helpline.queue_openings TO helpline_server;
COMMENT ON TABLE helpline.queue_openings IS 'Whether each queue with opening hours was last seen open.';
