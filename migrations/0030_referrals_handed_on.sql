-- Referrals move with a hand-over, may be open to any agency that is able, and are changed while they are drafts.

-- How many open referrals changed their owner.
ALTER TABLE helpline.handovers ADD COLUMN moved_referrals integer NOT NULL DEFAULT 0;
CREATE INDEX referrals_owned ON helpline.referrals (centre_id, owner_id) WHERE ended_at IS NULL;

-- Whether it goes to whoever is able: they are asked before anybody has consented, and told nothing of the child until then.
ALTER TABLE helpline.referrals
    ADD COLUMN open_to_any boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT any_are_asked_at_once CHECK (open_offer OR NOT open_to_any);

-- Whom a draft goes to may be chosen anew. Whoever was asked is never forgotten.
GRANT DELETE ON helpline.referral_choices TO helpline_server;
CREATE FUNCTION helpline.refuse_to_forget_who_was_asked() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    RAISE EXCEPTION 'who was asked is not forgotten'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'asked_choice_stays';
END $$;
CREATE TRIGGER asked_choice_stays BEFORE DELETE ON helpline.referral_choices
    FOR EACH ROW WHEN (OLD.state <> 'waiting')
    EXECUTE FUNCTION helpline.refuse_to_forget_who_was_asked();

-- What was in use on a day.
CREATE INDEX holds_used ON helpline.holds (centre_id, service_id, unit, confirmed_at) WHERE confirmed_at IS NOT NULL;

-- What is needed of a service, as it counts it: `bed`, `hour` …
ALTER TABLE helpline.referrals
    ADD COLUMN unit text,
    -- A draft that nobody sends alarms.
    DROP CONSTRAINT live_referral_is_due,
    ADD CONSTRAINT live_referral_is_due CHECK (
        (state IN ('draft', 'requested', 'accepted', 'in_progress', 'on_hold', 'cancel_requested')) = (due_at IS NOT NULL)) NOT VALID;
UPDATE helpline.referrals SET due_at = helpline.now() WHERE state = 'draft';
ALTER TABLE helpline.referrals VALIDATE CONSTRAINT live_referral_is_due;
CREATE INDEX referrals_requested ON helpline.referrals (centre_id, referral_id) WHERE state = 'requested';

-- Who answered for the shelter when somebody came to live there.
ALTER TABLE helpline.admissions
    ADD COLUMN agency_id uuid,
    ADD FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies;
UPDATE helpline.admissions a SET agency_id = s.agency_id FROM helpline.services s
WHERE s.centre_id = a.centre_id AND s.service_id = a.service_id AND a.admitted_at IS NOT NULL;
