-- Centres, their settings, their people, their tokens.

CREATE TABLE helpline.centres (
    centre_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT helpline.now(),
    settings_version bigint NOT NULL DEFAULT 1,
    -- Grows when somebody comes on shift, leaves it, or changes abilities: caches of the roster compare it.
    roster_version bigint NOT NULL DEFAULT 1,
    -- Names the generation of this centre's keys in Redis; a new one makes the old keys unreachable.
    generation bigint NOT NULL DEFAULT 1
);
SELECT helpline.isolate('helpline.centres');
GRANT SELECT ON helpline.centres TO helpline_server;
GRANT UPDATE (settings_version, roster_version, generation) ON helpline.centres TO helpline_server;
COMMENT ON TABLE helpline.centres IS 'Helpline organisations. Created by the engineer, not by the server.';

CREATE TABLE helpline.settings (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    version bigint NOT NULL CHECK (version > 0),
    settings jsonb NOT NULL,
    published_at timestamptz NOT NULL DEFAULT helpline.now(),
    published_by uuid NOT NULL,
    PRIMARY KEY (centre_id, version)
);
SELECT helpline.isolate('helpline.settings');
GRANT SELECT, INSERT ON helpline.settings TO helpline_server;
COMMENT ON TABLE helpline.settings IS 'Every version ever published; never changed.';

CREATE TABLE helpline.counsellors (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    counsellor_id uuid NOT NULL,
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 200),
    languages text[] NOT NULL CHECK (cardinality(languages) > 0),
    -- Skill key to level 1..5.
    skills jsonb NOT NULL DEFAULT '{}',
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT helpline.now(),
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, counsellor_id)
);
SELECT helpline.isolate('helpline.counsellors');
GRANT SELECT, INSERT, UPDATE ON helpline.counsellors TO helpline_server;
COMMENT ON TABLE helpline.counsellors IS 'People who answer contacts. Staff, not children: their names are not sealed.';

-- One narrow row per counsellor (not per session: two tabs are not two people). Capacity is held here, not counted.
CREATE TABLE helpline.presences (
    centre_id uuid NOT NULL,
    counsellor_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'offline' CHECK (state IN ('offline', 'not_ready', 'ready')),
    reason text CHECK (reason IN ('break', 'administration', 'training', 'care', 'missed_offers', 'client_lost')),
    since_at timestamptz NOT NULL DEFAULT helpline.now(),
    last_seen_at timestamptz NOT NULL DEFAULT helpline.now(),
    -- Since when the counsellor has held less than now; the longest idle is offered first.
    idle_since timestamptz NOT NULL DEFAULT helpline.now(),
    max_voice smallint NOT NULL CHECK (max_voice BETWEEN 0 AND 1),
    max_chat smallint NOT NULL CHECK (max_chat BETWEEN 0 AND 10),
    max_message smallint NOT NULL CHECK (max_message BETWEEN 0 AND 50),
    held_voice smallint NOT NULL DEFAULT 0,
    held_chat smallint NOT NULL DEFAULT 0,
    held_message smallint NOT NULL DEFAULT 0,
    missed_offers integer NOT NULL DEFAULT 0 CHECK (missed_offers >= 0),
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, counsellor_id),
    FOREIGN KEY (centre_id, counsellor_id) REFERENCES helpline.counsellors,
    CONSTRAINT held_within_bounds CHECK (
        held_voice BETWEEN 0 AND 1 AND held_chat BETWEEN 0 AND 10 AND held_message BETWEEN 0 AND 50
    ),
    CONSTRAINT voice_excludes_everything CHECK (held_voice = 0 OR (held_chat = 0 AND held_message = 0)),
    CONSTRAINT reason_only_when_not_ready CHECK ((state = 'not_ready') = (reason IS NOT NULL))
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.presences');
GRANT SELECT, INSERT, UPDATE ON helpline.presences TO helpline_server;
COMMENT ON TABLE helpline.presences IS 'Whether a counsellor is there, and what they hold.';

-- Held may exceed a maximum that was lowered afterwards, but never grow beyond it.
CREATE FUNCTION helpline.refuse_excess_hold() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    RAISE EXCEPTION 'held capacity beyond the maximum' USING ERRCODE = 'check_violation', CONSTRAINT = 'held_within_maximum';
END $$;
CREATE TRIGGER held_within_maximum BEFORE UPDATE OF held_voice, held_chat, held_message ON helpline.presences
    FOR EACH ROW
    WHEN (
        (NEW.held_voice > OLD.held_voice AND NEW.held_voice > NEW.max_voice)
        OR (NEW.held_chat > OLD.held_chat AND NEW.held_chat > NEW.max_chat)
        OR (NEW.held_message > OLD.held_message AND NEW.held_message > NEW.max_message)
    )
    EXECUTE FUNCTION helpline.refuse_excess_hold();

CREATE TABLE helpline.tokens (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    token_id uuid NOT NULL,
    -- SHA-256 of the secret; the secret itself is kept by nobody but its bearer.
    hash bytea NOT NULL CHECK (length(hash) = 32),
    role text NOT NULL CHECK (role IN ('channel_adapter', 'counsellor', 'supervisor', 'administrator')),
    counsellor_id uuid,
    label text NOT NULL CHECK (length(label) <= 200),
    created_at timestamptz NOT NULL DEFAULT helpline.now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (centre_id, token_id),
    CONSTRAINT tokens_hash_unique UNIQUE (hash),
    FOREIGN KEY (centre_id, counsellor_id) REFERENCES helpline.counsellors,
    CONSTRAINT counsellor_exactly_for_the_role CHECK ((role = 'counsellor') = (counsellor_id IS NOT NULL))
);
SELECT helpline.isolate('helpline.tokens');
GRANT SELECT, INSERT, UPDATE ON helpline.tokens TO helpline_server;
COMMENT ON TABLE helpline.tokens IS 'Bearer tokens by hash.';

-- Before a caller is known there is no centre: this function is the one door, and it opens by the secret's hash only.
CREATE FUNCTION helpline.authenticate(token_hash bytea)
    RETURNS TABLE (token_id uuid, centre_id uuid, role text, counsellor_id uuid, expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    SELECT t.token_id, t.centre_id, t.role, t.counsellor_id, t.expires_at
    FROM helpline.tokens t
    LEFT JOIN helpline.counsellors c USING (centre_id, counsellor_id)
    WHERE t.hash = token_hash AND t.revoked_at IS NULL AND t.expires_at > helpline.now() AND c.disabled_at IS NULL
$$;
REVOKE EXECUTE ON FUNCTION helpline.authenticate(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION helpline.authenticate(bytea) TO helpline_server;

-- The same for many at once, with the hash of each that is good.
CREATE FUNCTION helpline.authenticate_all(token_hashes bytea[])
    RETURNS TABLE (hash bytea, token_id uuid, centre_id uuid, role text, counsellor_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    SELECT t.hash, t.token_id, t.centre_id, t.role, t.counsellor_id
    FROM helpline.tokens t
    LEFT JOIN helpline.counsellors c USING (centre_id, counsellor_id)
    WHERE t.hash = ANY (token_hashes) AND t.revoked_at IS NULL AND t.expires_at > (SELECT helpline.now()) AND c.disabled_at IS NULL
$$;
REVOKE EXECUTE ON FUNCTION helpline.authenticate_all(bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION helpline.authenticate_all(bytea[]) TO helpline_server;

-- The workers of a server serve every centre; they learn the ids, nothing else.
CREATE FUNCTION helpline.centre_ids() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$ SELECT centre_id FROM helpline.centres ORDER BY centre_id $$;
REVOKE EXECUTE ON FUNCTION helpline.centre_ids() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION helpline.centre_ids() TO helpline_server;
