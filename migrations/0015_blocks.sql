-- Senders whose contacts are counted and not put in line for a time.

CREATE TABLE helpline.blocks (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    block_id uuid NOT NULL,
    -- Keyed hash of the number or handle to find it by, as contacts have it, and the sealed value to read.
    sender_index bytea NOT NULL,
    sender_sealed bytea NOT NULL,
    reason text NOT NULL CHECK (reason IN ('nuisance', 'abusive', 'prank', 'automated')),
    -- When the sender was blocked, the last time if that was done again.
    created_at timestamptz NOT NULL,
    -- Token of the supervisor who did it.
    created_by uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    lifted_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, block_id),
    CONSTRAINT blocked_for_a_time CHECK (expires_at > created_at AND expires_at <= created_at + interval '2160 hours')
);
SELECT helpline.isolate('helpline.blocks');
GRANT SELECT, INSERT, UPDATE ON helpline.blocks TO helpline_server;
COMMENT ON TABLE helpline.blocks IS 'Senders whose contacts are counted and not put in line, until the block expires or is lifted.';
-- Whoever blocks a sender again extends the block that is there.
CREATE UNIQUE INDEX blocks_one_per_sender ON helpline.blocks (centre_id, sender_index) WHERE lifted_at IS NULL;

ALTER TABLE helpline.contacts
    -- The block that kept it out of the line; it stays known when danger let the contact in after all.
    ADD COLUMN block_id uuid,
    ADD CONSTRAINT contacts_block_fkey FOREIGN KEY (centre_id, block_id) REFERENCES helpline.blocks,
    DROP CONSTRAINT contacts_state_check,
    ADD CONSTRAINT contacts_state_check CHECK (state IN ('received', 'waiting', 'offered', 'in_progress', 'wrap_up',
        'waiting_offline', 'closed', 'abandoned', 'short_abandoned', 'callback_promised', 'lost', 'unreached', 'blocked')),
    DROP CONSTRAINT final_has_an_end,
    ADD CONSTRAINT final_has_an_end CHECK (
        (state IN ('closed', 'abandoned', 'short_abandoned', 'lost', 'unreached', 'blocked')) = (ended_at IS NOT NULL)
    ),
    -- Nobody at high risk is kept out, whatever let the risk be known.
    ADD CONSTRAINT blocked_by_a_block CHECK (state <> 'blocked' OR (block_id IS NOT NULL AND risk < 3));
CREATE INDEX contacts_blocked ON helpline.contacts (centre_id, block_id) WHERE state = 'blocked';
-- Whether a sender is, or was lately, at high risk.
CREATE INDEX contacts_at_high_risk ON helpline.contacts (centre_id, sender_index) WHERE sender_index IS NOT NULL AND risk >= 3;

-- Who was blocked gets into the line by danger alone.
CREATE TRIGGER blocked_contact_stays_out BEFORE UPDATE OF state ON helpline.contacts
    FOR EACH ROW WHEN (OLD.state = 'blocked' AND NEW.state <> 'blocked' AND NOT (NEW.state = 'waiting' AND NEW.risk >= 3))
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
