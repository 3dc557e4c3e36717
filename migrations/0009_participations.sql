-- Who takes part in a contact beside its counsellor: warm transfer, consultation, conference.

CREATE TABLE helpline.participations (
    centre_id uuid NOT NULL,
    participation_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('warm_transfer', 'consult', 'conference')),
    state text NOT NULL CHECK (state IN ('invited', 'joined', 'took_over', 'declined', 'left', 'withdrawn', 'expired')),
    -- Null for somebody outside, whom an adapter connects.
    counsellor_id uuid,
    -- What somebody outside is in the conversation.
    role text CHECK (role IN ('interpreter', 'relative', 'agency', 'emergency', 'professional', 'other')),
    address_sealed bytea,
    briefing_sealed bytea,
    -- The kind of capacity that it takes of the counsellor: that of its contact.
    medium text NOT NULL CHECK (medium IN ('voice', 'chat', 'message')),
    invited_by uuid NOT NULL,
    invited_at timestamptz NOT NULL,
    -- When an invitation ends by itself; null for somebody outside, who holds nobody's capacity.
    expires_at timestamptz,
    joined_at timestamptz,
    ended_at timestamptz,
    -- Why it ended: a stable key.
    reason text,
    PRIMARY KEY (centre_id, participation_id),
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts,
    FOREIGN KEY (centre_id, counsellor_id) REFERENCES helpline.counsellors,
    CONSTRAINT participation_ended_has_an_end CHECK ((state IN ('invited', 'joined')) = (ended_at IS NULL)),
    CONSTRAINT outside_has_an_address CHECK ((counsellor_id IS NULL) = (role IS NOT NULL AND address_sealed IS NOT NULL)),
    CONSTRAINT inside_has_an_expiry CHECK ((counsellor_id IS NULL) = (expires_at IS NULL)),
    -- Custody never leaves the helpline.
    CONSTRAINT outside_takes_nothing_over CHECK (counsellor_id IS NOT NULL OR kind <> 'warm_transfer')
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.participations');
GRANT SELECT, INSERT, UPDATE ON helpline.participations TO helpline_server;
COMMENT ON TABLE helpline.participations IS 'Everybody who was asked to take part in a contact that is another''s, and how that ended.';

-- Nobody takes part twice, and a contact is handed to one person at a time.
CREATE UNIQUE INDEX participations_once ON helpline.participations (centre_id, contact_id, counsellor_id)
    WHERE state IN ('invited', 'joined');
CREATE UNIQUE INDEX participations_one_transfer ON helpline.participations (centre_id, contact_id)
    WHERE state IN ('invited', 'joined') AND kind = 'warm_transfer';
CREATE INDEX participations_live ON helpline.participations (centre_id, counsellor_id) WHERE state IN ('invited', 'joined');
CREATE INDEX participations_of_contact ON helpline.participations (centre_id, contact_id, invited_at);

CREATE TRIGGER ended_participation_stays_ended BEFORE UPDATE OF state ON helpline.participations
    FOR EACH ROW WHEN (OLD.state NOT IN ('invited', 'joined') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();

-- Who takes part now. The contact's row is what every change of a participation locks first; a statement that waited for
-- that lock learns here of those that came meanwhile, which it cannot see among the participations.
ALTER TABLE helpline.contacts ADD COLUMN participations uuid[] NOT NULL DEFAULT '{}';
