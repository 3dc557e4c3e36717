-- The schema, its clock, its tenant and its roles.
--
-- The role that runs migrations owns everything; the server connects as `helpline_server`, which owns nothing, so that
-- row-level security holds for it. No table shows a row of another centre than the one set on the connection.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'helpline_server') THEN
        CREATE ROLE helpline_server LOGIN;
    END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS helpline;
GRANT USAGE ON SCHEMA helpline TO helpline_server;

-- One row: how far the tests have moved the clock. The server may only read it.
CREATE TABLE helpline.clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    moved interval NOT NULL DEFAULT interval '0'
);
INSERT INTO helpline.clock DEFAULT VALUES;
GRANT SELECT ON helpline.clock TO helpline_server;
COMMENT ON TABLE helpline.clock IS 'One row: how far tests have moved helpline.now(). Zero in production.';

-- The time by which every deadline is set and compared: the database's, at the start of the statement. In plpgsql, which
-- keeps its plan for the session: a SQL function with a sub-select is planned anew in every statement, five times slower.
CREATE FUNCTION helpline.now() RETURNS timestamptz
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$ BEGIN RETURN statement_timestamp() + (SELECT moved FROM helpline.clock); END $$;

-- The centre whose rows the connection may see; null sees nothing.
CREATE FUNCTION helpline.centre() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('helpline.centre', true), '')::uuid $$;

-- Makes a table visible only within the centre of the connection, for everybody but the owner's own functions.
CREATE FUNCTION helpline.isolate(target regclass) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY centre_only ON %s TO helpline_server USING (centre_id = (SELECT helpline.centre()))', target);
    EXECUTE format('CREATE POLICY owner_all ON %s TO %I USING (true)', target, current_user);
END $$;
REVOKE EXECUTE ON FUNCTION helpline.isolate(regclass) FROM PUBLIC;
