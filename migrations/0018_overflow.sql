-- Overflow to a partner centre; and promised callbacks that move when the shift changes.

-- How many promised callbacks changed who is to keep them.
ALTER TABLE helpline.handovers ADD COLUMN moved_callbacks integer NOT NULL DEFAULT 0;
-- What somebody promised and has not kept.
CREATE INDEX callbacks_kept ON helpline.callbacks (centre_id, preferred_counsellor_id)
    WHERE preferred_counsellor_id IS NOT NULL AND state IN ('promised', 'due');

-- Contacts that a partner centre has taken on, and those that another centre has served or has again.
ALTER TABLE helpline.contacts
    -- The overflow by which it came from a partner.
    ADD COLUMN overflow_id uuid,
    DROP CONSTRAINT contacts_state_check,
    ADD CONSTRAINT contacts_state_check CHECK (state IN ('received', 'waiting', 'offered', 'in_progress', 'wrap_up',
        'waiting_offline', 'closed', 'abandoned', 'short_abandoned', 'callback_promised', 'lost', 'unreached', 'blocked', 'overflowed', 'passed_on')),
    DROP CONSTRAINT final_has_an_end,
    ADD CONSTRAINT final_has_an_end CHECK (
        (state IN ('closed', 'abandoned', 'short_abandoned', 'lost', 'unreached', 'blocked', 'passed_on')) = (ended_at IS NOT NULL)
    );
DROP TRIGGER final_state_cannot_be_left ON helpline.contacts;
CREATE TRIGGER final_state_cannot_be_left BEFORE UPDATE OF state ON helpline.contacts
    FOR EACH ROW
    WHEN (OLD.state IN ('closed', 'abandoned', 'short_abandoned', 'lost', 'unreached', 'passed_on') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
-- Whoever writes again while a partner has them has one contact still.
DROP INDEX helpline.contacts_open_sender_unique;
CREATE UNIQUE INDEX contacts_open_sender_unique ON helpline.contacts (centre_id, channel, sender_index)
    WHERE sender_index IS NOT NULL
    AND state IN ('received', 'waiting', 'offered', 'in_progress', 'overflowed')
    AND channel IN ('web_chat', 'sms', 'whatsapp', 'telegram', 'email');

-- One row in each of the two centres, with the same id: what a centre knows of an overflow is in its own row.
CREATE TABLE helpline.overflows (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    overflow_id uuid NOT NULL,
    direction text NOT NULL CHECK (direction IN ('out', 'in')),
    -- The other centre. Not a foreign key: no centre sees another's row.
    partner_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('requested', 'accepted', 'serving', 'served', 'returned', 'declined', 'expired', 'withdrawn')),
    reason text NOT NULL CHECK (reason IN ('closed', 'nobody_on_shift', 'by_hand')),
    -- The centre's own contact; null in a centre that was asked and has none.
    contact_id uuid,
    channel text NOT NULL,
    class smallint NOT NULL CHECK (class BETWEEN 1 AND 4),
    risk smallint NOT NULL CHECK (risk BETWEEN -1 AND 5),
    language text,
    -- The place in line, which is the same in both centres.
    received_at timestamptz NOT NULL,
    deadline_at timestamptz NOT NULL,
    requested_at timestamptz NOT NULL,
    -- Until when it must be accepted, and then answered; the origin's row decides.
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    answered_at timestamptz,
    -- When the origin's channel said that the person left while the partner had them.
    left_at timestamptz,
    ended_at timestamptz,
    -- Where the person is connected; published by the partner.
    connect_to text,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, overflow_id),
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts,
    CONSTRAINT partner_is_another CHECK (partner_id <> centre_id),
    CONSTRAINT ended_overflow_has_an_end CHECK ((state IN ('requested', 'accepted', 'serving')) = (ended_at IS NULL)),
    CONSTRAINT who_asks_has_a_contact CHECK (direction = 'in' OR contact_id IS NOT NULL)
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.overflows');
GRANT SELECT, INSERT, UPDATE ON helpline.overflows TO helpline_server;
COMMENT ON TABLE helpline.overflows IS 'Contacts that a partner centre is asked to take on, as each of the two knows it.';
-- One partner is asked at a time.
CREATE UNIQUE INDEX overflows_one_open_per_contact ON helpline.overflows (centre_id, contact_id)
    WHERE state IN ('requested', 'accepted', 'serving') AND contact_id IS NOT NULL;
CREATE INDEX overflows_open ON helpline.overflows (centre_id, direction, partner_id, requested_at)
    WHERE state IN ('requested', 'accepted', 'serving');
CREATE INDEX overflows_of_contact ON helpline.overflows (centre_id, contact_id, requested_at) WHERE contact_id IS NOT NULL;
CREATE TRIGGER ended_overflow_stays_ended BEFORE UPDATE OF state ON helpline.overflows
    FOR EACH ROW WHEN (OLD.state NOT IN ('requested', 'accepted', 'serving') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
