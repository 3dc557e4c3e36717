-- What supervisors see and steer: sessions, care of counsellors.

-- How many streams of offers a counsellor's clients have open at a server: two tabs and a phone are three sessions of one
-- counsellor. Written when a stream opens or ends and with every sign of life.
CREATE TABLE helpline.sessions (
    centre_id uuid NOT NULL,
    counsellor_id uuid NOT NULL,
    -- The process that has the streams; new at every start.
    server_id uuid NOT NULL,
    streams integer NOT NULL CHECK (streams >= 0),
    -- Without another sign of life the server is gone by then, and its streams with it.
    until_at timestamptz NOT NULL,
    PRIMARY KEY (centre_id, counsellor_id, server_id),
    FOREIGN KEY (centre_id, counsellor_id) REFERENCES helpline.counsellors
);
SELECT helpline.isolate('helpline.sessions');
GRANT SELECT, INSERT, UPDATE, DELETE ON helpline.sessions TO helpline_server;
COMMENT ON TABLE helpline.sessions IS 'Open streams of offers, by counsellor and server.';

ALTER TABLE helpline.presences
    -- Severe contacts since the last that was not, or the last pause.
    ADD COLUMN severe_in_a_row smallint NOT NULL DEFAULT 0 CHECK (severe_in_a_row >= 0),
    -- Not ready again before this time: the pause after severe contacts.
    ADD COLUMN not_before_at timestamptz,
    -- The token of the supervisor who set it not ready, why, and whether it stays so until they lift it.
    ADD COLUMN forced_by uuid,
    ADD COLUMN forced_reason text CHECK (forced_reason IN ('rest', 'technical', 'conversation', 'planning', 'other')),
    ADD COLUMN on_hold boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT hold_has_a_holder CHECK (NOT on_hold OR forced_by IS NOT NULL),
    DROP CONSTRAINT presences_reason_check,
    ADD CONSTRAINT presences_reason_check CHECK (
        reason IN ('break', 'administration', 'training', 'care', 'missed_offers', 'client_lost', 'supervisor')
    );

-- Counts severe contacts in a row when a contact no longer occupies its counsellor, however that came about, and begins
-- the pause at the limit. A trigger, because contacts leave their counsellors by many ways and none may be forgotten; it
-- runs within the statement that frees the counsellor, so nothing can be offered between.
CREATE FUNCTION helpline.note_care() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    care jsonb;
    severe boolean;
    most integer;
    now_severe integer;
    now_revision bigint;
BEGIN
    SELECT coalesce(s.settings -> 'care', '{}') INTO care
    FROM helpline.centres c JOIN helpline.settings s ON s.centre_id = c.centre_id AND s.version = c.settings_version
    WHERE c.centre_id = NEW.centre_id;
    severe := NEW.risk >= CASE coalesce(care ->> 'severe_from', 'high')
        WHEN 'none' THEN 0 WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 WHEN 'imminent' THEN 4 ELSE 5 END;
    most := coalesce((care ->> 'severe_limit')::integer, 3);
    UPDATE helpline.presences p SET
        severe_in_a_row = CASE WHEN severe THEN least(p.severe_in_a_row + 1, 1000) ELSE 0 END,
        not_before_at = CASE WHEN severe AND p.severe_in_a_row + 1 >= most
            THEN helpline.now() + make_interval(secs => coalesce((care ->> 'pause_s')::float8, 300)) ELSE p.not_before_at END,
        reason = CASE WHEN severe AND p.severe_in_a_row + 1 >= most AND p.state IN ('ready', 'not_ready') AND NOT p.on_hold
            THEN 'care' ELSE p.reason END,
        since_at = CASE WHEN severe AND p.severe_in_a_row + 1 >= most AND p.state IN ('ready', 'not_ready') AND NOT p.on_hold
            THEN helpline.now() ELSE p.since_at END,
        state = CASE WHEN severe AND p.severe_in_a_row + 1 >= most AND p.state = 'ready' THEN 'not_ready' ELSE p.state END,
        revision = p.revision + 1
    WHERE p.centre_id = NEW.centre_id AND p.counsellor_id = OLD.holder_id AND (severe OR p.severe_in_a_row > 0)
    RETURNING p.severe_in_a_row, p.revision INTO now_severe, now_revision;
    IF FOUND THEN
        INSERT INTO helpline.journal (centre_id, at, event, contact_id, counsellor_id, revision, detail)
        VALUES (NEW.centre_id, helpline.now(), 'care_noted', NEW.contact_id, OLD.holder_id, now_revision,
            jsonb_build_object('severe_in_a_row', now_severe, 'paused', now_severe >= most));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER care_is_noted AFTER UPDATE OF holder_id ON helpline.contacts
    FOR EACH ROW
    WHEN (OLD.state IN ('in_progress', 'wrap_up') AND OLD.holder_id IS NOT NULL AND NEW.holder_id IS DISTINCT FROM OLD.holder_id)
    EXECUTE FUNCTION helpline.note_care();

CREATE TABLE helpline.alerts (
    centre_id uuid NOT NULL,
    -- Random, like an offer's.
    alert_id uuid NOT NULL DEFAULT gen_random_uuid(),
    -- Order of opening, for pages.
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    -- What it is about, as `crates/domain/src/alert.rs` writes it: a contact, a counsellor, a class of a queue, the floor.
    subject text NOT NULL,
    grave boolean NOT NULL,
    opened_at timestamptz NOT NULL,
    -- Since when its cause has been gone, while it is not sure that it stays so.
    clear_since_at timestamptz,
    closed_at timestamptz,
    acknowledged_at timestamptz,
    -- The supervisor's token.
    acknowledged_by uuid,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, alert_id),
    CONSTRAINT acknowledged_by_somebody CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
) WITH (fillfactor = 80);
SELECT helpline.isolate('helpline.alerts');
GRANT SELECT, INSERT, UPDATE ON helpline.alerts TO helpline_server;
COMMENT ON TABLE helpline.alerts IS 'What supervisors were alerted of, and who took note.';
-- Any number of servers may look: the first opens it.
CREATE UNIQUE INDEX alerts_one_open ON helpline.alerts (centre_id, kind, subject) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX alerts_listed ON helpline.alerts (centre_id, sequence);

-- What no row of a contact tells afterwards: sums of looks at the floor within a quarter of an hour.
CREATE TABLE helpline.floor_samples (
    centre_id uuid NOT NULL,
    slot_at timestamptz NOT NULL,
    samples integer NOT NULL,
    on_shift bigint NOT NULL,
    free bigint NOT NULL,
    -- Free while somebody who is not critical waited: the reserve at work.
    kept_free bigint NOT NULL,
    PRIMARY KEY (centre_id, slot_at)
) WITH (fillfactor = 50);
SELECT helpline.isolate('helpline.floor_samples');
GRANT SELECT, INSERT, UPDATE ON helpline.floor_samples TO helpline_server;
COMMENT ON TABLE helpline.floor_samples IS 'Sums of looks at the floor, by quarter of an hour.';

-- Figures of offers read the last day and nothing older.
CREATE INDEX offers_offered ON helpline.offers USING brin (offered_at);
