-- Whether a service has a protected address is asked by statements that must not tell who lives there, and stands in its sealed rules, which
-- they cannot read. Of services whose rules nobody can read here it is taken to be so until they are written again.

ALTER TABLE helpline.services
    -- How many places are free, full or not, is told to supervisors and to who answers for it.
    ADD COLUMN protected boolean NOT NULL DEFAULT true;
UPDATE helpline.services SET protected = false WHERE rules_sealed IS NULL;
