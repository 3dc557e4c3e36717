-- Numbers that are said on the telephone tell neither how many there are nor which came first: who records two persons does not learn how
-- many were announced between them.

-- The place of a row in the order of its table, as a number of seven digits: a permutation of nine million, by four rounds of a Feistel
-- network of 24 bits that is walked until it is one of them. No two are alike; from the nine-millionth on there is one digit more in front.
-- The key is drawn once for each database.
DO $do$ BEGIN
    EXECUTE format($make$
        CREATE FUNCTION helpline.scattered(of text, place bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT AS $body$
        DECLARE
            many CONSTANT bigint := 9000000;
            one integer := (place %% many) >> 12;
            other integer := (place %% many) & 4095;
            mixed integer;
        BEGIN
            LOOP
                FOR round IN 1..4 LOOP
                    mixed := one # ('x' || left(md5(concat_ws(' ', %L, of, round, other)), 3))::bit(12)::integer;
                    one := other;
                    other := mixed;
                END LOOP;
                EXIT WHEN (one << 12 | other) < many;
            END LOOP;
            RETURN place / many * 10000000 + 1000000 + (one << 12 | other);
        END $body$
    $make$, gen_random_uuid());
END $do$;

CREATE FUNCTION helpline.draw_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.number := helpline.scattered(TG_TABLE_NAME, NEW.ordinal);
    RETURN NEW;
END $$;

-- What has a number keeps it: those were counted from 1.
DO $do$
DECLARE
    numbered text;
BEGIN
    FOREACH numbered IN ARRAY ARRAY['escalations', 'referrals', 'persons', 'cases', 'tasks', 'assessments', 'crossborder_handovers',
        'return_assistances'] LOOP
        EXECUTE format('ALTER TABLE helpline.%I RENAME COLUMN number TO ordinal', numbered);
        EXECUTE format('ALTER TABLE helpline.%I ADD COLUMN number bigint', numbered);
        EXECUTE format('UPDATE helpline.%I SET number = ordinal', numbered);
        EXECUTE format('ALTER TABLE helpline.%I ALTER COLUMN number SET NOT NULL', numbered);
        EXECUTE format('CREATE TRIGGER number_is_drawn BEFORE INSERT ON helpline.%I FOR EACH ROW EXECUTE FUNCTION helpline.draw_number()',
            numbered);
    END LOOP;
END $do$;
