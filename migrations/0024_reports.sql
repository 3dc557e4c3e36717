-- Reports that the law demands: the clock of their deadline, and one of each legal basis per contact.

ALTER TABLE helpline.escalations
    -- Of a report: when it must have been made.
    ADD COLUMN deadline_at timestamptz GENERATED ALWAYS AS (to_timestamp((report ->> 'deadline_s')::float8)) STORED,
    -- The authority that it is due to, if the centre keeps it as an agency.
    ADD COLUMN authority_id uuid GENERATED ALWAYS AS ((report ->> 'authority_id')::uuid) STORED,
    ADD FOREIGN KEY (centre_id, authority_id) REFERENCES helpline.agencies,
    ADD CONSTRAINT report_has_a_deadline CHECK (kind <> 'mandatory_report' OR deadline_at IS NOT NULL),
    ADD CONSTRAINT report_ends_with_a_number CHECK (
        kind <> 'mandatory_report' OR state <> 'resolved' OR report ->> 'reference_number' IS NOT NULL),
    -- A report reaches an authority, and no child.
    DROP CONSTRAINT reached_has_a_time,
    ADD CONSTRAINT reached_has_a_time CHECK (
        kind = 'mandatory_report' AND state = 'resolved' OR (state IN ('child_reached', 'resolved')) = (child_reached_at IS NOT NULL));
COMMENT ON COLUMN helpline.escalations.reach_due_at IS
    'When the child must be reached, or the next alarm that it was not. Of a report: its reminder, its deadline, the next alarm.';

-- Each law that demands a report has its own deadline and its own authority: one does not stand for another.
DROP INDEX helpline.escalations_one_open_per_contact;
CREATE UNIQUE INDEX escalations_one_open_per_contact
    ON helpline.escalations (centre_id, contact_id, kind, (coalesce(report ->> 'legal_basis', '')))
    WHERE ended_at IS NULL AND contact_id IS NOT NULL;
CREATE INDEX escalations_by_deadline ON helpline.escalations (centre_id, deadline_at, escalation_id)
    WHERE ended_at IS NULL AND kind = 'mandatory_report';
