-- What every change writes beside itself: the journal, and the memory of requests.

-- One row per change, written by its transaction and never altered: the audit record and the event others react to are
-- the same row, so neither can exist without the other. It holds ids, keys and times, never personal data.
CREATE TABLE helpline.journal (
    centre_id uuid NOT NULL,
    -- The transaction that wrote it: readers resume below the oldest one still running.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    entry_id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    -- Past participle of what happened, for example `offer_expired`.
    event text NOT NULL,
    -- Who: a counsellor, a token, or null for the system itself.
    actor_id uuid,
    actor_role text,
    contact_id uuid,
    counsellor_id uuid,
    offer_id uuid,
    -- The new revision of the contact, counsellor or settings the event is about.
    revision bigint,
    -- Keys and numbers that explain it: states, reasons, risk.
    detail jsonb,
    PRIMARY KEY (centre_id, xid, entry_id)
);
SELECT helpline.isolate('helpline.journal');
GRANT SELECT, INSERT ON helpline.journal TO helpline_server;
COMMENT ON TABLE helpline.journal IS 'Audit record and outbox in one: append-only.';

-- Unique within (centre, caller, method) for 24 hours. Holds a keyed hash of the command and what it made, never the
-- answer, which would hold personal data.
CREATE TABLE helpline.requests (
    centre_id uuid NOT NULL,
    caller_id uuid NOT NULL,
    method text NOT NULL,
    request_id uuid NOT NULL,
    command_hash bytea NOT NULL CHECK (length(command_hash) = 32),
    resource_id uuid NOT NULL,
    revision bigint NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT requests_unique PRIMARY KEY (centre_id, caller_id, method, request_id)
);
SELECT helpline.isolate('helpline.requests');
GRANT SELECT, INSERT, DELETE ON helpline.requests TO helpline_server;
COMMENT ON TABLE helpline.requests IS 'Which commands were carried out in the last 24 hours.';

-- Which process matches a centre's line. The epoch grows with each change of owner and fences late commits.
CREATE TABLE helpline.matchers (
    centre_id uuid PRIMARY KEY REFERENCES helpline.centres,
    owner_id uuid NOT NULL,
    epoch bigint NOT NULL,
    until_at timestamptz NOT NULL
);
SELECT helpline.isolate('helpline.matchers');
GRANT SELECT, INSERT, UPDATE ON helpline.matchers TO helpline_server;
COMMENT ON TABLE helpline.matchers IS 'Lease of the one process that matches a centre.';

-- What happened since a transaction, over all centres: ids only, for the servers' wake-ups.
CREATE FUNCTION helpline.tail(from_xid xid8, most integer)
    RETURNS TABLE (centre_id uuid, xid xid8, entry_id bigint, event text, contact_id uuid, counsellor_id uuid, offer_id uuid, revision bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    SELECT j.centre_id, j.xid, j.entry_id, j.event, j.contact_id, j.counsellor_id, j.offer_id, j.revision
    FROM helpline.centres c
    CROSS JOIN LATERAL (
        SELECT * FROM helpline.journal j
        WHERE j.centre_id = c.centre_id AND j.xid >= from_xid
        ORDER BY j.xid, j.entry_id LIMIT most
    ) j
$$;
REVOKE EXECUTE ON FUNCTION helpline.tail(xid8, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION helpline.tail(xid8, integer) TO helpline_server;
