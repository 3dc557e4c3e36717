-- What protects a child is lifted by two: who says it first, and when. Another agrees within a day, or it is as if nobody had said so.
ALTER TABLE helpline.protections
    ADD COLUMN lift_asked_by uuid,
    ADD COLUMN lift_asked_at timestamptz,
    ADD CONSTRAINT lift_asked_by_somebody CHECK ((lift_asked_by IS NULL) = (lift_asked_at IS NULL)),
    ADD CONSTRAINT lifted_by_another CHECK (lifted_by <> lift_asked_by);
