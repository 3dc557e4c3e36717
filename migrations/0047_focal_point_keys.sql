-- The public key of who has accepted, as the settings had it then, and what was signed with it: whoever doubts it can verify it alone.
ALTER TABLE helpline.crossborder_handovers
    ADD COLUMN receiving_key text,
    ADD COLUMN receiving_signature text,
    ADD CONSTRAINT signed_with_a_key CHECK (receiving_signature IS NULL OR receiving_key IS NOT NULL AND receiving_signed_by IS NOT NULL);
