-- Missing-child alerts: documents of the Common Alerting Protocol 1.2 for partner agencies.

CREATE TABLE helpline.child_alerts (
    centre_id uuid NOT NULL,
    -- The identifier of the document too.
    alert_id uuid NOT NULL,
    escalation_id uuid NOT NULL,
    -- The first message of the series, and the one that this replaces or cancels.
    series_id uuid NOT NULL,
    replaces_id uuid,
    -- Its place in the series, counted from 1; several that are asked for may aspire to the same.
    position integer NOT NULL CHECK (position > 0),
    kind text NOT NULL CHECK (kind IN ('alert', 'update', 'cancel')),
    state text NOT NULL CHECK (state IN ('asked', 'issued', 'declined', 'superseded', 'cancelled')),
    -- An exercise never leaves the building.
    exercise boolean NOT NULL,
    -- Which classes of fields its text holds: whom it is told to must have been disclosed them all.
    field_classes text[] NOT NULL CHECK (
        field_classes <@ ARRAY['identity', 'contact', 'location', 'narrative', 'health', 'legal', 'perpetrator', 'media', 'statistics']),
    scope text NOT NULL CHECK (scope IN ('Restricted', 'Private')),
    -- Everything that it says; a cancel says nothing.
    content_sealed bytea,
    cancel_reason text CHECK (cancel_reason IN ('child_found', 'issued_in_error', 'not_needed')),
    lifetime_s integer NOT NULL CHECK (lifetime_s > 0),
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    decided_by uuid,
    decided_at timestamptz,
    -- Of the document: who sends it, when, to the second, and until when it holds.
    sender text,
    sent_at timestamptz,
    expires_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, alert_id),
    FOREIGN KEY (centre_id, escalation_id) REFERENCES helpline.escalations,
    FOREIGN KEY (centre_id, series_id) REFERENCES helpline.child_alerts,
    FOREIGN KEY (centre_id, replaces_id) REFERENCES helpline.child_alerts,
    CONSTRAINT first_of_its_series CHECK (
        (kind = 'alert') = (replaces_id IS NULL) AND (kind = 'alert') = (series_id = alert_id) AND (kind = 'alert') = (position = 1)),
    CONSTRAINT cancels_for_a_reason CHECK ((kind = 'cancel') = (cancel_reason IS NOT NULL)),
    CONSTRAINT says_something CHECK (
        (kind = 'cancel') = (content_sealed IS NULL) AND (kind = 'cancel') = (cardinality(field_classes) = 0)),
    CONSTRAINT decided_by_somebody CHECK (
        (state = 'asked') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT told_when_it_was_decided CHECK ((state IN ('asked', 'declined')) = (sent_at IS NULL)),
    CONSTRAINT told_whole CHECK (
        (sent_at IS NULL) = (sender IS NULL) AND (sent_at IS NULL OR kind = 'cancel') = (expires_at IS NULL) AND expires_at > sent_at),
    CONSTRAINT nobody_approves_their_own_alert CHECK (kind = 'cancel' OR sent_at IS NULL OR decided_by <> asked_by)
);
SELECT helpline.isolate('helpline.child_alerts');
GRANT SELECT, INSERT, UPDATE ON helpline.child_alerts TO helpline_server;
COMMENT ON TABLE helpline.child_alerts IS 'What is told to agencies about a missing child, message by message; none is altered, and each has two names.';

CREATE UNIQUE INDEX child_alerts_one_in_each_place ON helpline.child_alerts (centre_id, series_id, position) WHERE sent_at IS NOT NULL;
CREATE INDEX child_alerts_of_escalation ON helpline.child_alerts (centre_id, escalation_id);
CREATE INDEX child_alerts_live ON helpline.child_alerts (centre_id) WHERE state IN ('asked', 'issued') AND kind <> 'cancel';
-- What was told stands: it may be replaced or cancelled, once, and what was declined is not taken up again.
CREATE TRIGGER settled_child_alert_stays_settled BEFORE UPDATE OF state ON helpline.child_alerts
    FOR EACH ROW WHEN (OLD.state IN ('declined', 'superseded', 'cancelled') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION helpline.refuse_way_out_of_end();

CREATE TABLE helpline.child_alert_recipients (
    centre_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    agency_id uuid NOT NULL,
    -- Somebody of theirs has taken the document, has confirmed it, and under which identifier.
    fetched_at timestamptz,
    fetched_by uuid,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    receipt_id uuid,
    PRIMARY KEY (centre_id, alert_id, agency_id),
    FOREIGN KEY (centre_id, alert_id) REFERENCES helpline.child_alerts,
    FOREIGN KEY (centre_id, agency_id) REFERENCES helpline.agencies,
    CONSTRAINT fetched_by_somebody CHECK ((fetched_at IS NULL) = (fetched_by IS NULL)),
    CONSTRAINT acknowledged_what_was_fetched CHECK (
        (acknowledged_at IS NULL) = (acknowledged_by IS NULL) AND (acknowledged_at IS NULL) = (receipt_id IS NULL)
        AND (acknowledged_at IS NULL OR fetched_at IS NOT NULL))
);
SELECT helpline.isolate('helpline.child_alert_recipients');
GRANT SELECT, INSERT, UPDATE ON helpline.child_alert_recipients TO helpline_server;
COMMENT ON TABLE helpline.child_alert_recipients IS 'Whom a message of an alert is addressed to, and their receipts.';
CREATE INDEX child_alerts_to_agency ON helpline.child_alert_recipients (centre_id, agency_id, alert_id);

-- What is told of an alert: it lets the agency know of the alert alone, not of the escalation.
ALTER TABLE helpline.deliveries
    ADD COLUMN child_alert_id uuid,
    ADD FOREIGN KEY (centre_id, child_alert_id) REFERENCES helpline.child_alerts;
