-- Callbacks that were promised, and safety check-ins.

ALTER TABLE helpline.contacts
    ADD COLUMN direction text NOT NULL DEFAULT 'inbound' CHECK (direction IN ('inbound', 'outbound')),
    -- The callback that it is the work of.
    ADD COLUMN callback_id uuid,
    DROP CONSTRAINT contacts_state_check,
    ADD CONSTRAINT contacts_state_check CHECK (state IN ('received', 'waiting', 'offered', 'in_progress', 'wrap_up',
        'waiting_offline', 'closed', 'abandoned', 'short_abandoned', 'callback_promised', 'lost', 'unreached')),
    DROP CONSTRAINT final_has_an_end,
    ADD CONSTRAINT final_has_an_end CHECK (
        (state IN ('closed', 'abandoned', 'short_abandoned', 'lost', 'unreached')) = (ended_at IS NOT NULL)
    );

DROP TRIGGER final_state_cannot_be_left ON helpline.contacts;
CREATE TRIGGER final_state_cannot_be_left BEFORE UPDATE OF state ON helpline.contacts
    FOR EACH ROW
    WHEN (OLD.state IN ('closed', 'abandoned', 'short_abandoned', 'lost', 'unreached') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();

CREATE TABLE helpline.callbacks (
    centre_id uuid NOT NULL,
    callback_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('callback', 'check_in')),
    state text NOT NULL CHECK (state IN ('promised', 'due', 'reached', 'failed', 'cancelled')),
    -- Why it failed or was cancelled, or what the last attempt came to.
    reason text,
    -- Digits that the child is told; null where nobody is there to be told.
    reference text CHECK (reference ~ '^[0-9]{8}$'),
    -- The contact in which it was promised.
    origin_contact_id uuid NOT NULL,
    -- The contact that is the work: the same, if it was promised from the line; else made when it is due.
    work_contact_id uuid,
    -- A contact by which the child came back by themselves; while it waits, nobody calls.
    called_contact_id uuid,
    due_at timestamptz NOT NULL,
    -- End of the agreed window: no attempt begins after it.
    until_at timestamptz NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    -- When the alarm is due if nobody has begun the attempt, and when it was raised.
    overdue_at timestamptz NOT NULL,
    alarmed_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    most_attempts integer NOT NULL CHECK (most_attempts > 0),
    channel text NOT NULL,
    medium text NOT NULL CHECK (medium IN ('voice', 'chat', 'message')),
    queue text NOT NULL,
    language text,
    skills jsonb NOT NULL DEFAULT '{}',
    signature bytea NOT NULL CHECK (length(signature) = 8),
    risk smallint NOT NULL CHECK (risk BETWEEN -1 AND 5),
    class smallint NOT NULL CHECK (class BETWEEN 1 AND 4),
    -- Wait intended from the due time on, in seconds.
    target_s integer NOT NULL,
    -- The number to call; sealed here only if it is another than the sender of the contact in which it was promised.
    number_index bytea,
    number_sealed bytea,
    safe_words_sealed bytea,
    -- Counsellor or token; null for the system.
    promised_by uuid,
    promised_role text,
    preferred_counsellor_id uuid,
    -- The adapter's token that brought the contact in which it was promised.
    brought_by uuid,
    settings_version bigint NOT NULL,
    promised_at timestamptz NOT NULL,
    ended_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    -- When a worker must look at it next; null when never again. Of one whose child came back, at once and always.
    look_at timestamptz GENERATED ALWAYS AS (
        CASE
            WHEN state NOT IN ('promised', 'due') THEN NULL
            WHEN called_contact_id IS NOT NULL THEN promised_at
            ELSE least(
                until_at,
                CASE state WHEN 'promised' THEN next_attempt_at END,
                CASE WHEN alarmed_at IS NULL THEN overdue_at END
            )
        END
    ) STORED,
    PRIMARY KEY (centre_id, callback_id),
    FOREIGN KEY (centre_id, origin_contact_id) REFERENCES helpline.contacts,
    CONSTRAINT window_is_open CHECK (until_at > due_at),
    CONSTRAINT attempts_within_limit CHECK (attempts BETWEEN 0 AND most_attempts),
    CONSTRAINT final_callback_has_an_end CHECK ((state IN ('reached', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CONSTRAINT due_has_work CHECK (state NOT IN ('due', 'reached') OR work_contact_id IS NOT NULL)
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.callbacks');
GRANT SELECT, INSERT, UPDATE ON helpline.callbacks TO helpline_server;
COMMENT ON TABLE helpline.callbacks IS 'Promises to call a child back, and safety check-ins.';

CREATE UNIQUE INDEX callbacks_reference_unique ON helpline.callbacks (centre_id, reference) WHERE state IN ('promised', 'due');
CREATE UNIQUE INDEX callbacks_work_unique ON helpline.callbacks (centre_id, work_contact_id) WHERE work_contact_id IS NOT NULL;
CREATE INDEX callbacks_look ON helpline.callbacks (centre_id, look_at) WHERE look_at IS NOT NULL;
-- Whether whoever comes in was promised a callback.
CREATE INDEX callbacks_open_number ON helpline.callbacks (centre_id, number_index)
    WHERE number_index IS NOT NULL AND state IN ('promised', 'due');

CREATE TRIGGER ended_callback_stays_ended BEFORE UPDATE OF state ON helpline.callbacks
    FOR EACH ROW WHEN (OLD.state IN ('reached', 'failed', 'cancelled') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
