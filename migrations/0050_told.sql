-- Whether anybody can have heard: an address that nobody answers at was tried, and told nothing.

ALTER TABLE helpline.deliveries
    -- When it was first sent where it may have been read, also if no answer came.
    ADD COLUMN told_at timestamptz;
UPDATE helpline.deliveries SET told_at = coalesce(delivered_at, made_at) WHERE attempts > 0 OR delivered_at IS NOT NULL;
