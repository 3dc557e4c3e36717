-- A link leads to one escalation or to one referral.

ALTER TABLE helpline.escalation_links RENAME TO links;
ALTER TABLE helpline.links
    ALTER COLUMN escalation_id DROP NOT NULL,
    ADD COLUMN referral_id uuid,
    ADD FOREIGN KEY (centre_id, referral_id) REFERENCES helpline.referrals,
    ADD CONSTRAINT leads_to_one_thing CHECK (num_nonnulls(escalation_id, referral_id) = 1);
COMMENT ON TABLE helpline.links IS 'Links sent to agencies by e-mail: each opens one escalation or one referral, once, for a while.';

-- Who shows a link, used or not, or the token for which it was exchanged, and what they may know of.
DROP FUNCTION helpline.authenticate_link(bytea);
CREATE FUNCTION helpline.authenticate_link(shown bytea)
    RETURNS TABLE (link_id uuid, centre_id uuid, agency_id uuid, escalation_id uuid, referral_id uuid, is_visit boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    SELECT l.link_id, l.centre_id, l.agency_id, l.escalation_id, l.referral_id, l.visit_hash IS NOT DISTINCT FROM shown
    FROM helpline.links l
    JOIN helpline.agencies a USING (centre_id, agency_id)
    JOIN helpline.endpoints n USING (centre_id, endpoint_id)
    WHERE (l.token_hash = shown OR l.visit_hash = shown AND l.visit_until > (SELECT helpline.now()))
      AND a.disabled_at IS NULL AND n.disabled_at IS NULL
$$;
REVOKE EXECUTE ON FUNCTION helpline.authenticate_link(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION helpline.authenticate_link(bytea) TO helpline_server;
