-- Tasks that come from a stay are for the owner of the case alone: whoever else reads the case would learn by them that the child lives in a
-- shelter. They stand on no timeline, and change nothing about the case.

ALTER TABLE helpline.tasks
    -- Known to supervisors, the owner of its case, and who has it.
    ADD COLUMN confidential boolean NOT NULL DEFAULT false,
    -- What was remarked last with a step of one that stands on no timeline.
    ADD COLUMN remark_sealed bytea;
UPDATE helpline.tasks t SET confidential = true, plan = CASE t.plan WHEN 'after_shelter' THEN 'after_stay' ELSE t.plan END
WHERE t.task = 'name_guardian' OR t.plan = 'after_shelter' AND t.task = 'follow_up_call' AND NOT EXISTS (
    SELECT FROM helpline.return_assistances b
    WHERE b.centre_id = t.centre_id AND b.case_id = t.case_id AND b.departed_at IS NOT NULL);
