-- Shift hand-over: unfinished work of who leaves is offered and changes its owner on acceptance only.

CREATE TABLE helpline.handovers (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    handover_id uuid NOT NULL,
    from_counsellor_id uuid NOT NULL,
    -- Null: whoever of the shift accepts it.
    to_counsellor_id uuid,
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'withdrawn')),
    accepted_by uuid,
    -- How many contacts changed their owner.
    moved integer NOT NULL DEFAULT 0,
    offered_at timestamptz NOT NULL,
    ended_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, handover_id),
    FOREIGN KEY (centre_id, from_counsellor_id) REFERENCES helpline.counsellors,
    FOREIGN KEY (centre_id, to_counsellor_id) REFERENCES helpline.counsellors,
    CONSTRAINT ended_handover_has_an_end CHECK ((state = 'open') = (ended_at IS NULL)),
    CONSTRAINT accepted_by_somebody_else CHECK (
        (state = 'accepted') = (accepted_by IS NOT NULL)
        AND accepted_by IS DISTINCT FROM from_counsellor_id AND to_counsellor_id IS DISTINCT FROM from_counsellor_id
    )
);
SELECT helpline.isolate('helpline.handovers');
GRANT SELECT, INSERT, UPDATE ON helpline.handovers TO helpline_server;
COMMENT ON TABLE helpline.handovers IS 'Work offered by who leaves the shift to who comes.';
CREATE UNIQUE INDEX handovers_one_open ON helpline.handovers (centre_id, from_counsellor_id) WHERE state = 'open';
CREATE TRIGGER ended_handover_stays_ended BEFORE UPDATE OF state ON helpline.handovers
    FOR EACH ROW WHEN (OLD.state <> 'open' AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();

-- What somebody has not finished.
CREATE INDEX contacts_unfinished ON helpline.contacts (centre_id, counsellor_id)
    WHERE state IN ('in_progress', 'wrap_up', 'waiting_offline');
