-- What residents of shelters are offered, children who live there with somebody, and help to return to a country.

ALTER TABLE helpline.admissions
    -- The stay of the resident with whom a child lives there.
    ADD COLUMN accompanies_id uuid,
    ADD FOREIGN KEY (centre_id, accompanies_id) REFERENCES helpline.admissions,
    ADD CONSTRAINT nobody_accompanies_themselves CHECK (accompanies_id <> admission_id);
CREATE INDEX admissions_accompanying ON helpline.admissions (centre_id, accompanies_id)
    WHERE accompanies_id IS NOT NULL AND state <> 'exited';

CREATE TABLE helpline.service_offers (
    centre_id uuid NOT NULL,
    admission_id uuid NOT NULL,
    -- What is offered, a key of the settings, and its place among them.
    service text NOT NULL,
    position integer NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'declined_by_resident', 'unavailable', 'lapsed')),
    -- Until when it must have been made.
    due_at timestamptz NOT NULL,
    -- Why it cannot be had, a key.
    reason text,
    -- The referral that carries it out.
    referral_id uuid,
    answered_by uuid,
    answered_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, admission_id, service),
    FOREIGN KEY (centre_id, admission_id) REFERENCES helpline.admissions,
    FOREIGN KEY (centre_id, referral_id) REFERENCES helpline.referrals,
    CONSTRAINT answered_offer_has_an_answer CHECK ((state IN ('open', 'lapsed')) = (answered_at IS NULL)),
    CONSTRAINT answered_offer_by_somebody CHECK ((answered_at IS NULL) = (answered_by IS NULL)),
    CONSTRAINT accepted_offer_is_carried_out CHECK ((state = 'accepted') = (referral_id IS NOT NULL)),
    CONSTRAINT unavailable_for_a_reason CHECK ((state = 'unavailable') = (reason IS NOT NULL))
);
SELECT helpline.isolate('helpline.service_offers');
GRANT SELECT, INSERT, UPDATE ON helpline.service_offers TO helpline_server;
COMMENT ON TABLE helpline.service_offers IS 'What residents are offered when they are admitted, and what they answered.';
CREATE INDEX service_offers_due ON helpline.service_offers (centre_id, due_at) WHERE state = 'open';

CREATE TABLE helpline.return_assistances (
    centre_id uuid NOT NULL,
    return_id uuid NOT NULL,
    -- Human-sized: said on the telephone.
    number bigint GENERATED ALWAYS AS IDENTITY,
    case_id uuid NOT NULL,
    -- The stay from which they go.
    admission_id uuid,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    subject text NOT NULL CHECK (subject IN ('child', 'adult')),
    state text NOT NULL CHECK (state IN ('preparing', 'ready', 'departed', 'arrived', 'cancelled')),
    -- What is needed to go: objects of `item`, `state` (open, done, not_needed) and `reason`.
    items jsonb NOT NULL CHECK (jsonb_typeof(items) = 'array'),
    -- Until when they may leave without a fine, and from when that is told.
    grace_ends_at timestamptz,
    warn_at timestamptz,
    -- They are afraid of the country. Nobody takes it back.
    fear_recorded boolean NOT NULL DEFAULT false,
    consented_at timestamptz,
    guardian_id uuid,
    guardian_consented_at timestamptz,
    -- Which obstacles somebody wants them to go in spite of, why, and who has approved it.
    override_lifts text[],
    override_reason_sealed bytea,
    override_asked_by uuid,
    override_asked_at timestamptz,
    override_approved_by uuid,
    note_sealed bytea,
    started_by uuid NOT NULL,
    started_at timestamptz NOT NULL,
    departed_at timestamptz,
    arrived_at timestamptz,
    ended_at timestamptz,
    -- Why it was cancelled, a key.
    reason text,
    changed_at timestamptz NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, return_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    FOREIGN KEY (centre_id, admission_id) REFERENCES helpline.admissions,
    FOREIGN KEY (centre_id, guardian_id) REFERENCES helpline.persons,
    CONSTRAINT ended_return_has_an_end CHECK ((state IN ('arrived', 'cancelled')) = (ended_at IS NOT NULL)),
    CONSTRAINT cancelled_for_a_reason CHECK ((state = 'cancelled') = (reason IS NOT NULL)),
    CONSTRAINT gone_at_a_time CHECK (
        (state NOT IN ('departed', 'arrived') OR departed_at IS NOT NULL) AND (state = 'arrived') = (arrived_at IS NOT NULL)),
    CONSTRAINT ready_with_everything CHECK (
        state NOT IN ('ready', 'departed', 'arrived') OR NOT jsonb_path_exists(items, '$[*] ? (@.state == "open")')),
    CONSTRAINT nobody_is_sent CHECK (
        departed_at IS NULL OR consented_at IS NOT NULL AND (subject = 'adult' OR guardian_consented_at IS NOT NULL)),
    CONSTRAINT guardian_who_consents CHECK ((guardian_id IS NULL) = (guardian_consented_at IS NULL)),
    CONSTRAINT warned_before_the_end CHECK ((grace_ends_at IS NULL) = (warn_at IS NULL) AND warn_at <= grace_ends_at),
    CONSTRAINT overridden_by_somebody CHECK (
        (override_asked_by IS NULL) = (override_lifts IS NULL) AND (override_asked_by IS NULL) = (override_asked_at IS NULL) AND (override_asked_by IS NULL) = (override_reason_sealed IS NULL)
        AND (override_approved_by IS NULL OR override_asked_by IS NOT NULL)),
    CONSTRAINT nobody_approves_their_own_return CHECK (override_approved_by <> override_asked_by)
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.return_assistances');
GRANT SELECT, INSERT, UPDATE ON helpline.return_assistances TO helpline_server;
COMMENT ON TABLE helpline.return_assistances IS 'Help to return to a country, of the will of who goes.';
CREATE TRIGGER ended_return_stays_ended BEFORE UPDATE OF state ON helpline.return_assistances
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
CREATE UNIQUE INDEX one_open_return_of_a_case ON helpline.return_assistances (centre_id, case_id) WHERE ended_at IS NULL;
CREATE INDEX returns_of_case ON helpline.return_assistances (centre_id, case_id);
CREATE INDEX returns_open ON helpline.return_assistances (centre_id, return_id) WHERE ended_at IS NULL;
CREATE INDEX returns_to_warn_of ON helpline.return_assistances (centre_id, warn_at)
    WHERE warn_at IS NOT NULL AND state IN ('preparing', 'ready');
