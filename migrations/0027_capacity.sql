-- Beds, places, hours of services, and holds on them.

CREATE TABLE helpline.capacities (
    centre_id uuid NOT NULL,
    service_id uuid NOT NULL,
    -- What is counted: `bed`, `place`, `hour` …
    unit text NOT NULL,
    maximum integer NOT NULL CHECK (maximum >= 0),
    occupied integer NOT NULL DEFAULT 0 CHECK (occupied >= 0),
    held integer NOT NULL DEFAULT 0 CHECK (held >= 0),
    out_of_service integer NOT NULL DEFAULT 0 CHECK (out_of_service >= 0),
    available integer NOT NULL GENERATED ALWAYS AS (maximum - occupied - held - out_of_service) STORED,
    updated_at timestamptz NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, service_id, unit),
    FOREIGN KEY (centre_id, service_id) REFERENCES helpline.services,
    CONSTRAINT never_more_than_there_is CHECK (maximum - occupied - held - out_of_service >= 0)
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.capacities');
GRANT SELECT, INSERT, UPDATE ON helpline.capacities TO helpline_server;
COMMENT ON TABLE helpline.capacities IS 'How many of a unit a service has, and how many are left.';

CREATE TABLE helpline.holds (
    centre_id uuid NOT NULL,
    hold_id uuid NOT NULL,
    service_id uuid NOT NULL,
    unit text NOT NULL,
    count integer NOT NULL CHECK (count > 0),
    state text NOT NULL CHECK (state IN ('held', 'confirmed', 'released', 'expired', 'vacated')),
    referral_id uuid,
    placed_by uuid NOT NULL,
    placed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    ended_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, hold_id),
    FOREIGN KEY (centre_id, service_id, unit) REFERENCES helpline.capacities,
    FOREIGN KEY (centre_id, referral_id) REFERENCES helpline.referrals,
    CONSTRAINT ended_hold_has_an_end CHECK ((state IN ('released', 'expired', 'vacated')) = (ended_at IS NOT NULL)),
    CONSTRAINT confirmed_has_a_time CHECK ((state IN ('confirmed', 'vacated')) = (confirmed_at IS NOT NULL))
);
SELECT helpline.isolate('helpline.holds');
GRANT SELECT, INSERT, UPDATE ON helpline.holds TO helpline_server;
COMMENT ON TABLE helpline.holds IS 'So many of a unit, kept for somebody or in use.';
CREATE INDEX holds_due ON helpline.holds (centre_id, expires_at) WHERE state = 'held';
CREATE INDEX holds_live ON helpline.holds (centre_id, hold_id) WHERE state IN ('held', 'confirmed');
CREATE INDEX holds_of_referral ON helpline.holds (centre_id, referral_id) WHERE referral_id IS NOT NULL;

-- Stays in shelters. A place that is held for a stay, or lived in, goes on with the stay alone.
CREATE TABLE helpline.admissions (
    centre_id uuid NOT NULL,
    admission_id uuid NOT NULL,
    referral_id uuid NOT NULL,
    service_id uuid NOT NULL,
    unit text NOT NULL,
    state text NOT NULL CHECK (state IN ('requested', 'screened', 'held', 'admitted', 'exit_planned', 'exited')),
    -- The place.
    hold_id uuid,
    outcome text,
    requested_by uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    admitted_at timestamptz,
    -- When they are to go on.
    planned_at timestamptz,
    exited_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, admission_id),
    FOREIGN KEY (centre_id, referral_id) REFERENCES helpline.referrals,
    FOREIGN KEY (centre_id, service_id) REFERENCES helpline.services,
    FOREIGN KEY (centre_id, hold_id) REFERENCES helpline.holds,
    CONSTRAINT who_stays_has_a_place CHECK (state NOT IN ('held', 'admitted', 'exit_planned') OR hold_id IS NOT NULL),
    CONSTRAINT who_lives_there_came CHECK (state NOT IN ('admitted', 'exit_planned') OR admitted_at IS NOT NULL),
    CONSTRAINT planned_at_a_time CHECK (state <> 'exit_planned' OR planned_at IS NOT NULL),
    CONSTRAINT left_with_an_outcome CHECK ((state = 'exited') = (exited_at IS NOT NULL) AND (state = 'exited') = (outcome IS NOT NULL))
);
SELECT helpline.isolate('helpline.admissions');
GRANT SELECT, INSERT, UPDATE ON helpline.admissions TO helpline_server;
COMMENT ON TABLE helpline.admissions IS 'Stays in shelters, from the request to the way out.';
CREATE TRIGGER ended_stay_stays_ended BEFORE UPDATE OF state ON helpline.admissions
    FOR EACH ROW WHEN (OLD.state = 'exited' AND NEW.state <> 'exited')
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();
CREATE UNIQUE INDEX one_stay_of_a_referral ON helpline.admissions (centre_id, referral_id) WHERE state <> 'exited';
CREATE INDEX admissions_live ON helpline.admissions (centre_id, admission_id) WHERE state <> 'exited';

-- The stay that a place is held for, or lived in.
ALTER TABLE helpline.holds
    ADD COLUMN admission_id uuid,
    ADD FOREIGN KEY (centre_id, admission_id) REFERENCES helpline.admissions;
