-- Contacts, offers, messages.

CREATE TABLE helpline.contacts (
    -- Not a foreign key: checking it would lock the one row of the centre in every arrival. The row's centre is the one
    -- set on the connection, which comes from a token of that centre.
    centre_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    -- Order of arrival; ties of deadline are first come, first served.
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    channel text NOT NULL CHECK (channel IN ('voice', 'web_chat', 'sms', 'whatsapp', 'telegram', 'email', 'walk_in', 'letter')),
    medium text NOT NULL CHECK (medium IN ('voice', 'chat', 'message')),
    state text NOT NULL CHECK (state IN ('received', 'waiting', 'offered', 'in_progress', 'wrap_up', 'waiting_offline', 'closed', 'abandoned', 'short_abandoned')),
    -- -1 not assessed, 0..5 for R0..R5.
    risk smallint NOT NULL CHECK (risk BETWEEN -1 AND 5),
    -- 1 critical .. 4 low.
    class smallint NOT NULL CHECK (class BETWEEN 1 AND 4),
    queue text NOT NULL,
    language text,
    skills jsonb NOT NULL DEFAULT '{}',
    -- Keyed hash of what the contact asks of a counsellor: contacts with the same one wait in one line.
    signature bytea NOT NULL CHECK (length(signature) = 8),
    received_at timestamptz NOT NULL,
    deadline_at timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz,
    -- Who has it or had it last.
    counsellor_id uuid,
    -- Whose capacity it takes now.
    holder_id uuid,
    offer_id uuid,
    offer_count integer NOT NULL DEFAULT 0,
    -- The adapter's token that brought it; null when recorded after the fact.
    brought_by uuid,
    settings_version bigint NOT NULL,
    epoch bigint NOT NULL DEFAULT 1,
    revision bigint NOT NULL DEFAULT 1,
    message_count bigint NOT NULL DEFAULT 0,
    -- Keyed hashes to find by, sealed values to read.
    external_index bytea,
    external_sealed bytea,
    sender_index bytea,
    sender_sealed bytea,
    display_name_sealed bytea,
    -- The closing record: coded facts in clear, words sealed.
    closing jsonb,
    summary_sealed bytea,
    PRIMARY KEY (centre_id, contact_id),
    CONSTRAINT held_by_who_has_it CHECK (
        CASE state
            WHEN 'offered' THEN holder_id IS NOT NULL AND offer_id IS NOT NULL
            WHEN 'in_progress' THEN holder_id IS NOT NULL AND holder_id IS NOT DISTINCT FROM counsellor_id AND offer_id IS NULL
            WHEN 'wrap_up' THEN counsellor_id IS NOT NULL AND (holder_id IS NULL OR holder_id = counsellor_id) AND offer_id IS NULL
            ELSE holder_id IS NULL AND offer_id IS NULL
        END
    ),
    CONSTRAINT final_has_an_end CHECK ((state IN ('closed', 'abandoned', 'short_abandoned')) = (ended_at IS NOT NULL)),
    CONSTRAINT closed_has_a_closing CHECK ((state = 'closed') = (closing IS NOT NULL))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.contacts');
GRANT SELECT, INSERT, UPDATE ON helpline.contacts TO helpline_server;
COMMENT ON TABLE helpline.contacts IS 'Every interaction with a helpline, counted whatever it was.';

CREATE UNIQUE INDEX contacts_external_unique ON helpline.contacts (centre_id, channel, external_index) WHERE external_index IS NOT NULL;
-- A sender of messages has one open contact. Voice is left out: behind one number there may be a school.
CREATE UNIQUE INDEX contacts_open_sender_unique ON helpline.contacts (centre_id, channel, sender_index)
    WHERE sender_index IS NOT NULL
    AND state IN ('received', 'waiting', 'offered', 'in_progress')
    AND channel IN ('web_chat', 'sms', 'whatsapp', 'telegram', 'email');
-- The line: the heads of each class and signature are read off this index.
CREATE INDEX contacts_line ON helpline.contacts (centre_id, class, signature, deadline_at, sequence) WHERE state = 'waiting';
-- What is live, for the capacity check and for who holds what.
CREATE INDEX contacts_held ON helpline.contacts (centre_id, holder_id) WHERE holder_id IS NOT NULL;

CREATE FUNCTION helpline.refuse_way_out_of_end() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    RAISE EXCEPTION 'a final state cannot be left' USING ERRCODE = 'check_violation', CONSTRAINT = 'final_state_cannot_be_left';
END $$;
CREATE TRIGGER final_state_cannot_be_left BEFORE UPDATE OF state ON helpline.contacts
    FOR EACH ROW WHEN (OLD.state IN ('closed', 'abandoned', 'short_abandoned') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();

CREATE TABLE helpline.offers (
    centre_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    counsellor_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'expired', 'withdrawn')),
    reason text,
    offered_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- Why this contact, why this counsellor: stable keys.
    explanation jsonb NOT NULL,
    PRIMARY KEY (centre_id, offer_id),
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts,
    FOREIGN KEY (centre_id, counsellor_id) REFERENCES helpline.counsellors,
    CONSTRAINT ended_has_an_end CHECK ((state = 'open') = (ended_at IS NULL))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.offers');
GRANT SELECT, INSERT, UPDATE ON helpline.offers TO helpline_server;
COMMENT ON TABLE helpline.offers IS 'Every time a contact was held for a counsellor, and how it ended.';

CREATE UNIQUE INDEX offers_one_open_per_contact ON helpline.offers (centre_id, contact_id) WHERE state = 'open';
CREATE INDEX offers_open ON helpline.offers (centre_id, counsellor_id, expires_at) WHERE state = 'open';
CREATE INDEX offers_of_contact ON helpline.offers (centre_id, contact_id, offered_at) WHERE state IN ('declined', 'expired', 'withdrawn');

CREATE TRIGGER ended_offer_stays_ended BEFORE UPDATE OF state ON helpline.offers
    FOR EACH ROW WHEN (OLD.state <> 'open' AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();

CREATE TABLE helpline.messages (
    centre_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > 0),
    message_id uuid NOT NULL,
    author text NOT NULL CHECK (author IN ('child', 'counsellor')),
    text_sealed bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (centre_id, contact_id, sequence),
    CONSTRAINT messages_id_unique UNIQUE (centre_id, contact_id, message_id),
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts
);
SELECT helpline.isolate('helpline.messages');
GRANT SELECT, INSERT ON helpline.messages TO helpline_server;
COMMENT ON TABLE helpline.messages IS 'What was written, sealed, in order.';

-- The figures of the last hours read this and nothing older.
CREATE INDEX contacts_received ON helpline.contacts USING brin (received_at);
CREATE INDEX contacts_offered ON helpline.contacts (centre_id, offer_id) WHERE offer_id IS NOT NULL;
