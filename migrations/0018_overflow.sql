-- Overflow to a partner centre; and promised callbacks that move when the shift changes.

-- How many promised callbacks changed who is to keep them.
ALTER TABLE helpline.handovers ADD COLUMN moved_callbacks integer NOT NULL DEFAULT 0;
-- What somebody promised and has not kept.
CREATE INDEX callbacks_kept ON helpline.callbacks (centre_id, preferred_counsellor_id)
    WHERE preferred_counsellor_id IS NOT NULL AND state IN ('promised', 'due');
