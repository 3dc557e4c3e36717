-- Rules of the rows that every step of a contact writes, in a form that costs less.
--
-- Postgres reads the text of every CHECK of a table, and of every WHEN of its triggers, anew in each statement that writes it:
-- that was a third of the time of a contact's changes. The expressions of a function are kept by the connection. So the rules
-- of contacts and presences stand in one function each, which one CHECK calls, and which refuses a row as a CHECK of the broken
-- rule's name would, the first in the order of the names. Who changes a rule replaces the function.

CREATE FUNCTION helpline.refuse_row(rule text, relation text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $$ BEGIN
    RAISE EXCEPTION 'a row of % breaks %', relation, rule USING ERRCODE = 'check_violation', CONSTRAINT = rule;
END $$;

CREATE FUNCTION helpline.contact_is_sound(
    state text, channel text, medium text, direction text, risk smallint, class smallint, relaxation_step smallint, signature bytea,
    ended_at timestamptz, put_aside_at timestamptz, preferred_until timestamptz, closing jsonb, open_offers uuid[],
    holder_id uuid, counsellor_id uuid, offer_id uuid, preferred_counsellor_id uuid, block_id uuid
) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE
    broken text := CASE
        WHEN NOT (state <> 'blocked' OR (block_id IS NOT NULL AND risk < 3)) THEN 'blocked_by_a_block'
        WHEN NOT ((state = 'closed') = (closing IS NOT NULL)) THEN 'closed_has_a_closing'
        WHEN channel NOT IN ('voice', 'web_chat', 'sms', 'whatsapp', 'telegram', 'email', 'walk_in', 'letter')
            THEN 'contacts_channel_check'
        WHEN class NOT BETWEEN 1 AND 4 THEN 'contacts_class_check'
        WHEN direction NOT IN ('inbound', 'outbound') THEN 'contacts_direction_check'
        WHEN medium NOT IN ('voice', 'chat', 'message') THEN 'contacts_medium_check'
        WHEN relaxation_step < 0 THEN 'contacts_relaxation_step_check'
        WHEN risk NOT BETWEEN -1 AND 5 THEN 'contacts_risk_check'
        WHEN length(signature) <> 8 THEN 'contacts_signature_check'
        WHEN state NOT IN ('received', 'waiting', 'offered', 'in_progress', 'wrap_up', 'waiting_offline', 'closed', 'abandoned',
            'short_abandoned', 'callback_promised', 'lost', 'unreached', 'blocked', 'overflowed', 'passed_on')
            THEN 'contacts_state_check'
        WHEN NOT ((state IN ('closed', 'abandoned', 'short_abandoned', 'lost', 'unreached', 'blocked', 'passed_on')) = (ended_at IS NOT NULL))
            THEN 'final_has_an_end'
        WHEN NOT CASE state
            WHEN 'offered' THEN holder_id IS NULL AND offer_id IS NOT NULL
            WHEN 'in_progress' THEN counsellor_id IS NOT NULL AND offer_id IS NULL
                AND holder_id IS NOT DISTINCT FROM CASE WHEN put_aside_at IS NULL THEN counsellor_id END
            WHEN 'wrap_up' THEN counsellor_id IS NOT NULL AND (holder_id IS NULL OR holder_id = counsellor_id) AND offer_id IS NULL
            ELSE holder_id IS NULL AND offer_id IS NULL
        END THEN 'held_by_who_has_it'
        WHEN NOT ((state = 'offered') = (cardinality(open_offers) > 0)) THEN 'offered_by_open_offers'
        WHEN NOT ((preferred_counsellor_id IS NULL) = (preferred_until IS NULL)) THEN 'preferred_for_a_time'
        WHEN NOT (put_aside_at IS NULL OR (state = 'in_progress' AND channel IN ('sms', 'email', 'letter'))) THEN 'put_aside_is_asynchronous'
    END;
BEGIN
    IF broken IS NOT NULL THEN RETURN helpline.refuse_row(broken, 'contacts'); END IF;
    RETURN true;
END $$;
ALTER TABLE helpline.contacts
    DROP CONSTRAINT blocked_by_a_block,
    DROP CONSTRAINT closed_has_a_closing,
    DROP CONSTRAINT contacts_channel_check,
    DROP CONSTRAINT contacts_class_check,
    DROP CONSTRAINT contacts_direction_check,
    DROP CONSTRAINT contacts_medium_check,
    DROP CONSTRAINT contacts_relaxation_step_check,
    DROP CONSTRAINT contacts_risk_check,
    DROP CONSTRAINT contacts_signature_check,
    DROP CONSTRAINT contacts_state_check,
    DROP CONSTRAINT final_has_an_end,
    DROP CONSTRAINT held_by_who_has_it,
    DROP CONSTRAINT offered_by_open_offers,
    DROP CONSTRAINT preferred_for_a_time,
    DROP CONSTRAINT put_aside_is_asynchronous,
    ADD CONSTRAINT contact_is_sound CHECK (helpline.contact_is_sound(
        state, channel, medium, direction, risk, class, relaxation_step, signature, ended_at, put_aside_at, preferred_until, closing,
        open_offers, holder_id, counsellor_id, offer_id, preferred_counsellor_id, block_id));

CREATE FUNCTION helpline.presence_is_sound(
    state text, reason text, forced_reason text, on_hold boolean, forced_by uuid, max_voice smallint, max_chat smallint,
    max_message smallint, held_voice smallint, held_chat smallint, held_message smallint, missed_offers integer, severe_in_a_row smallint
) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE
    broken text := CASE
        WHEN NOT (held_voice BETWEEN 0 AND 1 AND held_chat BETWEEN 0 AND 10 AND held_message BETWEEN 0 AND 50) THEN 'held_within_bounds'
        WHEN NOT (NOT on_hold OR forced_by IS NOT NULL) THEN 'hold_has_a_holder'
        WHEN forced_reason NOT IN ('rest', 'technical', 'conversation', 'planning', 'other') THEN 'presences_forced_reason_check'
        WHEN max_chat NOT BETWEEN 0 AND 10 THEN 'presences_max_chat_check'
        WHEN max_message NOT BETWEEN 0 AND 50 THEN 'presences_max_message_check'
        WHEN max_voice NOT BETWEEN 0 AND 1 THEN 'presences_max_voice_check'
        WHEN missed_offers < 0 THEN 'presences_missed_offers_check'
        WHEN reason NOT IN ('break', 'administration', 'training', 'care', 'missed_offers', 'client_lost', 'supervisor')
            THEN 'presences_reason_check'
        WHEN severe_in_a_row < 0 THEN 'presences_severe_in_a_row_check'
        WHEN state NOT IN ('offline', 'not_ready', 'ready', 'on_call') THEN 'presences_state_check'
        WHEN NOT ((state = 'not_ready') = (reason IS NOT NULL)) THEN 'reason_only_when_not_ready'
        WHEN NOT (held_voice = 0 OR (held_chat = 0 AND held_message = 0)) THEN 'voice_excludes_everything'
    END;
BEGIN
    IF broken IS NOT NULL THEN RETURN helpline.refuse_row(broken, 'presences'); END IF;
    RETURN true;
END $$;
ALTER TABLE helpline.presences
    DROP CONSTRAINT held_within_bounds,
    DROP CONSTRAINT hold_has_a_holder,
    DROP CONSTRAINT presences_forced_reason_check,
    DROP CONSTRAINT presences_max_chat_check,
    DROP CONSTRAINT presences_max_message_check,
    DROP CONSTRAINT presences_max_voice_check,
    DROP CONSTRAINT presences_missed_offers_check,
    DROP CONSTRAINT presences_reason_check,
    DROP CONSTRAINT presences_severe_in_a_row_check,
    DROP CONSTRAINT presences_state_check,
    DROP CONSTRAINT reason_only_when_not_ready,
    DROP CONSTRAINT voice_excludes_everything,
    ADD CONSTRAINT presence_is_sound CHECK (helpline.presence_is_sound(
        state, reason, forced_reason, on_hold, forced_by, max_voice, max_chat, max_message, held_voice, held_chat, held_message,
        missed_offers, severe_in_a_row));

-- The same of what a row may not become.
CREATE FUNCTION helpline.refuse_way_of_contact() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    IF (OLD.state IN ('closed', 'abandoned', 'short_abandoned', 'lost', 'unreached', 'passed_on') AND NEW.state <> OLD.state)
        -- Who was blocked gets into the line by danger alone.
        OR (OLD.state = 'blocked' AND NEW.state <> 'blocked' AND NOT (NEW.state = 'waiting' AND NEW.risk >= 3))
    THEN
        RAISE EXCEPTION 'a final state cannot be left' USING ERRCODE = 'check_violation', CONSTRAINT = 'final_state_cannot_be_left';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER blocked_contact_stays_out ON helpline.contacts;
DROP TRIGGER final_state_cannot_be_left ON helpline.contacts;
CREATE TRIGGER final_state_cannot_be_left BEFORE UPDATE OF state ON helpline.contacts
    FOR EACH ROW EXECUTE FUNCTION helpline.refuse_way_of_contact();

CREATE OR REPLACE FUNCTION helpline.refuse_excess_hold() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    IF (NEW.held_voice > OLD.held_voice AND NEW.held_voice > NEW.max_voice)
        OR (NEW.held_chat > OLD.held_chat AND NEW.held_chat > NEW.max_chat)
        OR (NEW.held_message > OLD.held_message AND NEW.held_message > NEW.max_message)
    THEN
        RAISE EXCEPTION 'held capacity beyond the maximum' USING ERRCODE = 'check_violation', CONSTRAINT = 'held_within_maximum';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER held_within_maximum ON helpline.presences;
CREATE TRIGGER held_within_maximum BEFORE UPDATE OF held_voice, held_chat, held_message ON helpline.presences
    FOR EACH ROW EXECUTE FUNCTION helpline.refuse_excess_hold();
