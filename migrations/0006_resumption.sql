-- Contacts that come back to the line after a cut, whom they prefer, and what they no longer insist on.

-- Whether it was with a counsellor and was cut off: ahead of its class until somebody accepts it.
ALTER TABLE helpline.contacts ADD COLUMN resumed boolean NOT NULL DEFAULT false;
-- When its counsellor's client was found lost. Void as soon as the client has been seen later than this.
ALTER TABLE helpline.contacts ADD COLUMN lost_at timestamptz;
-- Whom it prefers while they are free, and until when.
ALTER TABLE helpline.contacts ADD COLUMN preferred_counsellor_id uuid;
ALTER TABLE helpline.contacts ADD COLUMN preferred_until timestamptz;
-- When the person was cut off, until they have come back once.
ALTER TABLE helpline.contacts ADD COLUMN cut_at timestamptz;
-- The contact it continues.
ALTER TABLE helpline.contacts ADD COLUMN returned_from_contact_id uuid;
-- What was asked for at first, when something of it was given up; null while `skills` is that.
ALTER TABLE helpline.contacts ADD COLUMN asked_skills jsonb;
-- Steps of its queue's relaxations it has gone, and when the next one is due.
ALTER TABLE helpline.contacts ADD COLUMN relaxation_step smallint NOT NULL DEFAULT 0 CHECK (relaxation_step >= 0);
ALTER TABLE helpline.contacts ADD COLUMN relax_at timestamptz;
ALTER TABLE helpline.contacts ADD CONSTRAINT preferred_for_a_time CHECK ((preferred_counsellor_id IS NULL) = (preferred_until IS NULL));

-- A line is a class, whether its contacts were cut off, and what they ask for.
DROP INDEX helpline.contacts_line;
CREATE INDEX contacts_line ON helpline.contacts (centre_id, class, resumed, signature, deadline_at, sequence) WHERE state = 'waiting';
CREATE INDEX contacts_lost ON helpline.contacts (centre_id, lost_at) WHERE lost_at IS NOT NULL AND state = 'in_progress';
CREATE INDEX contacts_cut ON helpline.contacts (centre_id, channel, sender_index) WHERE cut_at IS NOT NULL;
CREATE INDEX contacts_relax ON helpline.contacts (centre_id, relax_at) WHERE relax_at IS NOT NULL AND state = 'waiting';
-- The sender's last counsellor. Open contacts are left out: most changes are made to those.
CREATE INDEX contacts_of_sender ON helpline.contacts (centre_id, sender_index, received_at)
    WHERE sender_index IS NOT NULL AND counsellor_id IS NOT NULL AND state IN ('wrap_up', 'closed');
