-- Work that a counsellor puts aside for a critical contact.

-- Since when a conversation that nobody sits and waits in is put aside: it stays its counsellor's and takes no room of theirs.
ALTER TABLE helpline.contacts ADD COLUMN put_aside_at timestamptz;
ALTER TABLE helpline.contacts DROP CONSTRAINT held_by_who_has_it;
ALTER TABLE helpline.contacts ADD CONSTRAINT held_by_who_has_it CHECK (
    CASE state
        WHEN 'offered' THEN holder_id IS NULL AND offer_id IS NOT NULL
        WHEN 'in_progress' THEN counsellor_id IS NOT NULL AND offer_id IS NULL
            AND holder_id IS NOT DISTINCT FROM CASE WHEN put_aside_at IS NULL THEN counsellor_id END
        WHEN 'wrap_up' THEN counsellor_id IS NOT NULL AND (holder_id IS NULL OR holder_id = counsellor_id) AND offer_id IS NULL
        ELSE holder_id IS NULL AND offer_id IS NULL
    END
);
-- Nobody who sits in a chat or speaks is put aside.
ALTER TABLE helpline.contacts ADD CONSTRAINT put_aside_is_asynchronous CHECK (
    put_aside_at IS NULL OR (state = 'in_progress' AND channel IN ('sms', 'email', 'letter'))
);
CREATE INDEX contacts_put_aside ON helpline.contacts (centre_id, counsellor_id) WHERE put_aside_at IS NOT NULL;

-- What is put aside has not left its counsellor.
DROP TRIGGER care_is_noted ON helpline.contacts;
CREATE TRIGGER care_is_noted AFTER UPDATE OF holder_id ON helpline.contacts
    FOR EACH ROW
    WHEN (OLD.state IN ('in_progress', 'wrap_up') AND OLD.holder_id IS NOT NULL AND NEW.holder_id IS DISTINCT FROM OLD.holder_id
        AND NEW.put_aside_at IS NULL)
    EXECUTE FUNCTION helpline.note_care();
