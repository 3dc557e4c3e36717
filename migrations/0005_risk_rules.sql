-- Rules that raised a contact's risk, the answers they were given, and where a contact came from.

ALTER TABLE helpline.contacts
    -- Keys of the rules that raised the risk; each raises a contact once.
    ADD COLUMN risk_rules text[] NOT NULL DEFAULT '{}',
    -- What was answered on the way in: keys of questions and answers.
    ADD COLUMN answers_sealed bytea,
    -- Keyed hash of where it came from, to limit a flood.
    ADD COLUMN source_index bytea,
    -- Came beyond the bounds of a flood: waits in the lowest class until assessed.
    ADD COLUMN limited boolean NOT NULL DEFAULT false;

-- The newest contacts of one source.
CREATE INDEX contacts_source ON helpline.contacts (centre_id, source_index, received_at DESC) WHERE source_index IS NOT NULL;
