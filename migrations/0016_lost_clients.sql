-- The pause after severe contacts does not hide that a counsellor's client is lost: who is lost is told by that reason.
CREATE OR REPLACE FUNCTION helpline.note_care() RETURNS trigger
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
            AND p.reason IS DISTINCT FROM 'client_lost' THEN 'care' ELSE p.reason END,
        since_at = CASE WHEN severe AND p.severe_in_a_row + 1 >= most AND p.state IN ('ready', 'not_ready') AND NOT p.on_hold
            AND p.reason IS DISTINCT FROM 'client_lost' THEN helpline.now() ELSE p.since_at END,
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
