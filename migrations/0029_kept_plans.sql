-- A function in SQL that is not taken apart into its caller is planned anew at every call. Those that are called often are in
-- plpgsql, whose plans a connection keeps: who calls is asked with almost every call of the API.

CREATE OR REPLACE FUNCTION helpline.authenticate(token_hash bytea)
    RETURNS TABLE (token_id uuid, centre_id uuid, role text, counsellor_id uuid, agency_id uuid, expires_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT t.token_id, t.centre_id, t.role, t.counsellor_id, t.agency_id, t.expires_at
    FROM helpline.tokens t
    LEFT JOIN helpline.counsellors c USING (centre_id, counsellor_id)
    LEFT JOIN helpline.agencies a USING (centre_id, agency_id)
    WHERE t.hash = authenticate.token_hash AND t.revoked_at IS NULL AND t.expires_at > helpline.now()
      AND c.disabled_at IS NULL AND a.disabled_at IS NULL;
END $$;

CREATE OR REPLACE FUNCTION helpline.centre_ids() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$ BEGIN RETURN QUERY SELECT centre_id FROM helpline.centres ORDER BY centre_id; END $$;
