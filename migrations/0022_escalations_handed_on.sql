-- Open escalations move with a hand-over, and keep their contacts from being signed off.

-- How many open escalations changed their owner.
ALTER TABLE helpline.handovers ADD COLUMN moved_escalations integer NOT NULL DEFAULT 0;
CREATE INDEX escalations_owned ON helpline.escalations (centre_id, owner_id) WHERE ended_at IS NULL;

-- By whatever way a contact is signed off, nothing that it has part in may be open. The contact is locked already, and an
-- escalation is raised under the same lock: none can come between.
CREATE FUNCTION helpline.refuse_to_sign_off_escalated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    IF EXISTS (
        SELECT FROM helpline.escalation_contacts x
        JOIN helpline.escalations e ON e.centre_id = x.centre_id AND e.escalation_id = x.escalation_id
        WHERE x.centre_id = NEW.centre_id AND x.contact_id = NEW.contact_id AND e.ended_at IS NULL)
    THEN
        RAISE EXCEPTION 'an escalation of the contact is open'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'escalated_contact_is_not_signed_off';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER escalated_contact_is_not_signed_off BEFORE UPDATE OF state ON helpline.contacts
    FOR EACH ROW WHEN (NEW.state = 'closed' AND OLD.state <> 'closed' AND NEW.escalation_count > 0)
    EXECUTE FUNCTION helpline.refuse_to_sign_off_escalated();
