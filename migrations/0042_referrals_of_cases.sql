-- A child may be referred from the case alone: one that began with a cohort or an agency has no contact.

ALTER TABLE helpline.referrals ALTER COLUMN contact_id DROP NOT NULL;
ALTER TABLE helpline.referrals
    ADD CONSTRAINT referred_from_somewhere CHECK (contact_id IS NOT NULL OR case_id IS NOT NULL) NOT VALID;
ALTER TABLE helpline.referrals VALIDATE CONSTRAINT referred_from_somewhere;
