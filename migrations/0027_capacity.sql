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
