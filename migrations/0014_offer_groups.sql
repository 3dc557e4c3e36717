-- A contact may be offered to several counsellors at once: the first who accepts has it.

-- The offers made together: the id of the first of them. A single offer is a group of one.
ALTER TABLE helpline.offers ADD COLUMN group_id uuid;
UPDATE helpline.offers SET group_id = offer_id;
ALTER TABLE helpline.offers ALTER COLUMN group_id SET NOT NULL;

-- The contact says which of its offers are open: accept, decline, expiry and withdrawal compare and change this one row,
-- so that the last to end knows that it is the last. Whoever is offered a contact holds it by their open offer;
-- `holder_id` is who talks, or writes it up.
ALTER TABLE helpline.contacts ADD COLUMN open_offers uuid[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN helpline.contacts.offer_id IS 'The group of offers that is open.';
ALTER TABLE helpline.contacts DROP CONSTRAINT held_by_who_has_it;
UPDATE helpline.contacts SET open_offers = ARRAY[offer_id], holder_id = NULL WHERE state = 'offered';
ALTER TABLE helpline.contacts ADD CONSTRAINT held_by_who_has_it CHECK (
    CASE state
        WHEN 'offered' THEN holder_id IS NULL AND offer_id IS NOT NULL
        WHEN 'in_progress' THEN holder_id IS NOT NULL AND holder_id IS NOT DISTINCT FROM counsellor_id AND offer_id IS NULL
        WHEN 'wrap_up' THEN counsellor_id IS NOT NULL AND (holder_id IS NULL OR holder_id = counsellor_id) AND offer_id IS NULL
        ELSE holder_id IS NULL AND offer_id IS NULL
    END
);
ALTER TABLE helpline.contacts ADD CONSTRAINT offered_by_open_offers CHECK ((state = 'offered') = (cardinality(open_offers) > 0));

-- One open group per contact, and one open offer per contact and counsellor.
DROP INDEX helpline.offers_one_open_per_contact;
CREATE UNIQUE INDEX offers_one_open_group_per_contact ON helpline.offers (centre_id, contact_id) WHERE state = 'open' AND offer_id = group_id;
CREATE UNIQUE INDEX offers_one_open_per_counsellor ON helpline.offers (centre_id, contact_id, counsellor_id) WHERE state = 'open';
-- What was taken from a counsellor, for their stream to tell.
CREATE INDEX offers_taken ON helpline.offers (centre_id, counsellor_id, ended_at) WHERE reason = 'pulled';
