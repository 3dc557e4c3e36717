-- One report to the authority stands for one incident, also when two are said to be reported by it at the same instant: neither statement
-- sees the other's, so who comes second waits here for the first and looks again.
CREATE FUNCTION helpline.refuse_second_incident() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.escalation_id::text, 51));
    IF EXISTS (
        SELECT FROM helpline.school_reports o
        WHERE o.centre_id = NEW.centre_id AND o.escalation_id = NEW.escalation_id AND o.incident_id <> NEW.incident_id) THEN
        RAISE EXCEPTION 'an escalation is of one incident'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'one_incident_of_an_escalation', TABLE = 'school_reports';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER one_incident_of_an_escalation AFTER UPDATE OF escalation_id ON helpline.school_reports
    FOR EACH ROW
    WHEN (NEW.escalation_id IS NOT NULL AND NEW.escalation_id IS DISTINCT FROM OLD.escalation_id)
    EXECUTE FUNCTION helpline.refuse_second_incident();
