-- Links by which somebody of an agency that has no client comes to one escalation.

CREATE TABLE helpline.escalation_links (
    centre_id uuid NOT NULL,
    link_id uuid NOT NULL,
    escalation_id uuid NOT NULL,
    agency_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    -- The e-mail that carries it. Each try of that e-mail has a link of its own; opening one spends all of them.
    delivery_id uuid NOT NULL,
    -- Keyed hash of the link's token, which stands in the e-mail and nowhere else.
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    -- Keyed hash of the token for which it was exchanged, and until when that is good.
    visit_hash bytea CHECK (length(visit_hash) = 32),
    visit_until timestamptz,
    -- When another was last asked for by means of it, and how often.
    renewed_at timestamptz,
    renewals integer NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, link_id),
    FOREIGN KEY (centre_id, escalation_id) REFERENCES helpline.escalations,
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    FOREIGN KEY (centre_id, endpoint_id) REFERENCES helpline.endpoints,
    FOREIGN KEY (centre_id, delivery_id) REFERENCES helpline.deliveries,
    CONSTRAINT good_for_a_while CHECK (expires_at > made_at),
    CONSTRAINT only_a_used_link_is_visited CHECK ((visit_hash IS NULL) = (visit_until IS NULL) AND (visit_hash IS NULL OR used_at IS NOT NULL))
);
SELECT helpline.isolate('helpline.escalation_links');
GRANT SELECT, INSERT, UPDATE ON helpline.escalation_links TO helpline_server;
COMMENT ON TABLE helpline.escalation_links IS 'Links sent to agencies by e-mail: each opens one escalation, once, for a while.';
CREATE UNIQUE INDEX links_by_token ON helpline.escalation_links (token_hash);
CREATE UNIQUE INDEX links_by_visit ON helpline.escalation_links (visit_hash) WHERE visit_hash IS NOT NULL;
CREATE INDEX links_of_delivery ON helpline.escalation_links (centre_id, delivery_id);

-- An e-mail has one link that was opened, however often it was sent.
CREATE UNIQUE INDEX links_one_visit_per_delivery ON helpline.escalation_links (centre_id, delivery_id) WHERE visit_hash IS NOT NULL;

-- Who shows a link, used or not, or the token for which it was exchanged. A door of its own beside helpline.authenticate,
-- so that those who show tokens all day long do not pay for it.
CREATE FUNCTION helpline.authenticate_link(shown bytea)
    RETURNS TABLE (link_id uuid, centre_id uuid, agency_id uuid, escalation_id uuid, is_visit boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS $$
    SELECT l.link_id, l.centre_id, l.agency_id, l.escalation_id, l.visit_hash IS NOT DISTINCT FROM shown
    FROM helpline.escalation_links l
    JOIN helpline.agencies a USING (centre_id, agency_id)
    JOIN helpline.endpoints n USING (centre_id, endpoint_id)
    WHERE (l.token_hash = shown OR l.visit_hash = shown AND l.visit_until > (SELECT helpline.now()))
      AND a.disabled_at IS NULL AND n.disabled_at IS NULL
$$;
REVOKE EXECUTE ON FUNCTION helpline.authenticate_link(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION helpline.authenticate_link(bytea) TO helpline_server;
