-- Persons, and cases: what is known and planned for one child over time.

CREATE TABLE helpline.persons (
    centre_id uuid NOT NULL REFERENCES helpline.centres,
    person_id uuid NOT NULL,
    -- Human-sized: said on the telephone.
    number bigint GENERATED ALWAYS AS IDENTITY,
    -- Names, birth date, identifiers: one document.
    profile_sealed bytea NOT NULL,
    -- The record that goes on for this one since both were found to be the same person. Nothing else of a record changes then.
    merged_into uuid,
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, person_id),
    FOREIGN KEY (centre_id, merged_into) REFERENCES helpline.persons,
    CONSTRAINT not_merged_into_itself CHECK (merged_into <> person_id)
);
SELECT helpline.isolate('helpline.persons');
GRANT SELECT, INSERT, UPDATE ON helpline.persons TO helpline_server;
COMMENT ON TABLE helpline.persons IS 'Children, and who belongs to them: one record each, found by keyed hashes.';
CREATE INDEX persons_merged ON helpline.persons (centre_id, merged_into) WHERE merged_into IS NOT NULL;

-- No identifier is of one person alone: behind one telephone there may be several children.
CREATE TABLE helpline.person_identifiers (
    centre_id uuid NOT NULL,
    identifier_index bytea NOT NULL,
    person_id uuid NOT NULL,
    PRIMARY KEY (centre_id, identifier_index, person_id),
    FOREIGN KEY (centre_id, person_id) REFERENCES helpline.persons
);
SELECT helpline.isolate('helpline.person_identifiers');
GRANT SELECT, INSERT, DELETE ON helpline.person_identifiers TO helpline_server;
COMMENT ON TABLE helpline.person_identifiers IS 'By what persons are found.';
CREATE INDEX identifiers_of_person ON helpline.person_identifiers (centre_id, person_id);

CREATE TABLE helpline.person_links (
    centre_id uuid NOT NULL,
    link_id uuid NOT NULL,
    person_id uuid NOT NULL,
    -- Who is that to the person.
    relative_id uuid NOT NULL,
    relation text NOT NULL CHECK (relation IN ('sibling', 'parent', 'guardian', 'grandparent', 'other_caregiver')),
    from_at timestamptz NOT NULL,
    until_at timestamptz,
    linked_by uuid NOT NULL,
    ended_by uuid,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, link_id),
    FOREIGN KEY (centre_id, person_id) REFERENCES helpline.persons,
    FOREIGN KEY (centre_id, relative_id) REFERENCES helpline.persons,
    CONSTRAINT nobody_is_their_own_relative CHECK (relative_id <> person_id),
    CONSTRAINT no_end_before_the_beginning CHECK (until_at >= from_at),
    CONSTRAINT ended_by_somebody CHECK ((until_at IS NULL) = (ended_by IS NULL))
);
SELECT helpline.isolate('helpline.person_links');
GRANT SELECT, INSERT, UPDATE ON helpline.person_links TO helpline_server;
COMMENT ON TABLE helpline.person_links IS 'Who is sibling, parent, guardian, grandparent or caregiver of whom, and when.';
CREATE UNIQUE INDEX linked_once ON helpline.person_links (centre_id, person_id, relative_id, relation) WHERE until_at IS NULL;
CREATE INDEX links_of_person ON helpline.person_links (centre_id, person_id);
CREATE INDEX links_of_relative ON helpline.person_links (centre_id, relative_id);

CREATE TABLE helpline.person_merges (
    centre_id uuid NOT NULL,
    merge_id uuid NOT NULL,
    survivor_id uuid NOT NULL,
    absorbed_id uuid NOT NULL,
    reason_sealed bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('asked', 'refused', 'merged', 'undone')),
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    answered_by uuid,
    answered_at timestamptz,
    undone_by uuid,
    undone_at timestamptz,
    undo_reason_sealed bytea,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, merge_id),
    FOREIGN KEY (centre_id, survivor_id) REFERENCES helpline.persons,
    FOREIGN KEY (centre_id, absorbed_id) REFERENCES helpline.persons,
    CONSTRAINT two_records CHECK (survivor_id <> absorbed_id),
    CONSTRAINT nobody_approves_their_own_merge CHECK (answered_by <> asked_by),
    CONSTRAINT answered_by_somebody CHECK ((state = 'asked') = (answered_by IS NULL) AND (state = 'asked') = (answered_at IS NULL)),
    CONSTRAINT undone_by_somebody CHECK (
        (state = 'undone') = (undone_by IS NOT NULL) AND (state = 'undone') = (undone_at IS NOT NULL)
        AND (state = 'undone') = (undo_reason_sealed IS NOT NULL))
);
SELECT helpline.isolate('helpline.person_merges');
GRANT SELECT, INSERT, UPDATE ON helpline.person_merges TO helpline_server;
COMMENT ON TABLE helpline.person_merges IS 'Which records were found to be one person, who said so, who agreed, and who took it back.';
CREATE UNIQUE INDEX merged_once ON helpline.person_merges (centre_id, absorbed_id) WHERE state = 'merged';
CREATE INDEX merges_of_survivor ON helpline.person_merges (centre_id, survivor_id);
CREATE INDEX merges_of_absorbed ON helpline.person_merges (centre_id, absorbed_id);

-- The record that goes on for a person.
CREATE FUNCTION helpline.survivor_of(of_centre uuid, person uuid) RETURNS uuid
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE up (id, next) AS (
        SELECT p.person_id, p.merged_into FROM helpline.persons p WHERE p.centre_id = of_centre AND p.person_id = person
        UNION ALL
        SELECT p.person_id, p.merged_into FROM up JOIN helpline.persons p ON p.centre_id = of_centre AND p.person_id = up.next)
    SELECT id FROM up WHERE next IS NULL
$$;

-- Every record of the same person.
CREATE FUNCTION helpline.records_of(of_centre uuid, person uuid) RETURNS SETOF uuid
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE down (id) AS (
        SELECT helpline.survivor_of(of_centre, person)
        UNION ALL
        SELECT p.person_id FROM down JOIN helpline.persons p ON p.centre_id = of_centre AND p.merged_into = down.id)
    SELECT id FROM down WHERE id IS NOT NULL
$$;

CREATE TABLE helpline.cases (
    centre_id uuid NOT NULL,
    case_id uuid NOT NULL,
    -- Human-sized: said on the telephone.
    number bigint GENERATED ALWAYS AS IDENTITY,
    -- The child, under the record that was named when it was opened.
    person_id uuid NOT NULL,
    kind text NOT NULL,
    -- Where it stands, a key of the settings by which it came there.
    status text NOT NULL,
    settings_version bigint NOT NULL,
    -- A supervisor wanted it beside another of its kind.
    additional boolean NOT NULL,
    -- Its one owner: a counsellor, or the token of a supervisor.
    owner_id uuid NOT NULL,
    opened_by uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    close_reason text,
    -- Whom it is offered to, and by whom; the owner stays until they accept.
    transfer_to uuid,
    transfer_by uuid,
    -- What somebody wants to be allowed; whoever allows it is another.
    approval_for text CHECK (approval_for IN ('close')),
    approval_asked_by uuid,
    approved_by uuid,
    event_count integer NOT NULL,
    changed_at timestamptz NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (centre_id, case_id),
    FOREIGN KEY (centre_id, person_id) REFERENCES helpline.persons,
    FOREIGN KEY (centre_id, transfer_to) REFERENCES helpline.counsellors,
    CONSTRAINT closed_for_a_reason CHECK ((closed_at IS NULL) = (close_reason IS NULL)),
    CONSTRAINT offered_by_somebody CHECK ((transfer_to IS NULL) = (transfer_by IS NULL)),
    CONSTRAINT offered_to_another CHECK (transfer_to <> owner_id),
    CONSTRAINT a_closed_case_is_not_offered CHECK (transfer_to IS NULL OR closed_at IS NULL),
    CONSTRAINT approval_asked_by_somebody CHECK ((approval_for IS NULL) = (approval_asked_by IS NULL)),
    CONSTRAINT nobody_approves_their_own_request CHECK (
        approved_by IS NULL OR approval_asked_by IS NOT NULL AND approved_by <> approval_asked_by)
) WITH (fillfactor = 70);
SELECT helpline.isolate('helpline.cases');
GRANT SELECT, INSERT, UPDATE ON helpline.cases TO helpline_server;
COMMENT ON TABLE helpline.cases IS 'What is known and planned for one child over time.';
CREATE UNIQUE INDEX one_open_case_of_a_kind ON helpline.cases (centre_id, person_id, kind) WHERE closed_at IS NULL AND NOT additional;
CREATE INDEX cases_of_person ON helpline.cases (centre_id, person_id);
CREATE INDEX cases_of_owner ON helpline.cases (centre_id, owner_id);
CREATE INDEX cases_offered ON helpline.cases (centre_id, transfer_to) WHERE transfer_to IS NOT NULL;

CREATE TABLE helpline.case_contacts (
    centre_id uuid NOT NULL,
    case_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    linked_by uuid NOT NULL,
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (centre_id, case_id, contact_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    FOREIGN KEY (centre_id, contact_id) REFERENCES helpline.contacts
);
SELECT helpline.isolate('helpline.case_contacts');
GRANT SELECT, INSERT ON helpline.case_contacts TO helpline_server;
COMMENT ON TABLE helpline.case_contacts IS 'Which contacts a case is about.';
CREATE INDEX cases_of_contact ON helpline.case_contacts (centre_id, contact_id);

CREATE TABLE helpline.case_grants (
    centre_id uuid NOT NULL,
    case_id uuid NOT NULL,
    counsellor_id uuid NOT NULL,
    -- Whether it was given, or taken in need with a reason.
    kind text NOT NULL CHECK (kind IN ('granted', 'broken_glass')),
    granted_by uuid NOT NULL,
    granted_at timestamptz NOT NULL,
    until_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (centre_id, case_id, counsellor_id),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    FOREIGN KEY (centre_id, counsellor_id) REFERENCES helpline.counsellors,
    CONSTRAINT broken_by_oneself CHECK ((kind = 'broken_glass') = (granted_by = counsellor_id))
);
SELECT helpline.isolate('helpline.case_grants');
GRANT SELECT, INSERT, UPDATE ON helpline.case_grants TO helpline_server;
COMMENT ON TABLE helpline.case_grants IS 'Who may read and write a case beside its owner and supervisors, until when. How it came to be is on the timeline.';
CREATE INDEX grants_of_counsellor ON helpline.case_grants (centre_id, counsellor_id);

-- Written with every change, never altered. A section is an entry; whoever corrects it writes its next revision.
CREATE TABLE helpline.case_events (
    centre_id uuid NOT NULL,
    case_id uuid NOT NULL,
    sequence integer NOT NULL CHECK (sequence > 0),
    at timestamptz NOT NULL,
    event text NOT NULL,
    -- Null for what happened by itself.
    actor_id uuid,
    actor_role text,
    -- Keys and numbers that explain it.
    detail jsonb,
    -- What the text is sealed for.
    entry_id uuid NOT NULL,
    text_sealed bytea,
    section_id uuid,
    section_kind text CHECK (section_kind IN ('assessment', 'best_interests', 'plan', 'note', 'decision', 'safety', 'document')),
    section_revision integer CHECK (section_revision > 0),
    field_class text CHECK (field_class IN ('identity', 'contact', 'location', 'narrative', 'health', 'legal', 'perpetrator', 'media', 'statistics')),
    PRIMARY KEY (centre_id, case_id, sequence),
    FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases,
    CONSTRAINT entries_are_named_once UNIQUE (centre_id, entry_id),
    CONSTRAINT each_revision_once UNIQUE (centre_id, section_id, section_revision),
    CONSTRAINT a_section_has_all_of_it CHECK (
        (section_id IS NULL) = (section_kind IS NULL) AND (section_id IS NULL) = (section_revision IS NULL)
        AND (section_id IS NULL OR text_sealed IS NOT NULL AND field_class IS NOT NULL))
);
SELECT helpline.isolate('helpline.case_events');
GRANT SELECT, INSERT ON helpline.case_events TO helpline_server;
COMMENT ON TABLE helpline.case_events IS 'The one timeline of a case: its sections with their revisions, and what happened to it.';

-- What was raised or asked for in the course of a case.
ALTER TABLE helpline.escalations
    ADD COLUMN case_id uuid,
    ADD FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases;
CREATE INDEX escalations_of_case ON helpline.escalations (centre_id, case_id) WHERE case_id IS NOT NULL;
ALTER TABLE helpline.referrals
    ADD COLUMN case_id uuid,
    ADD FOREIGN KEY (centre_id, case_id) REFERENCES helpline.cases;
CREATE INDEX referrals_of_case ON helpline.referrals (centre_id, case_id) WHERE case_id IS NOT NULL;

-- What a record said before it was revised. Nobody's identity is lost by a slip.
CREATE TABLE helpline.person_revisions (
    centre_id uuid NOT NULL,
    person_id uuid NOT NULL,
    revision bigint NOT NULL,
    profile_sealed bytea NOT NULL,
    revised_by uuid NOT NULL,
    revised_at timestamptz NOT NULL,
    PRIMARY KEY (centre_id, person_id, revision),
    FOREIGN KEY (centre_id, person_id) REFERENCES helpline.persons
);
SELECT helpline.isolate('helpline.person_revisions');
GRANT SELECT, INSERT ON helpline.person_revisions TO helpline_server;
COMMENT ON TABLE helpline.person_revisions IS 'What records of persons said before.';

-- One open case of a kind for a child, whatever record each is under. Whoever comes second waits for the record that goes on for the
-- child, and sees the other's case: each statement of this function sees what was committed before it.
CREATE FUNCTION helpline.refuse_second_case() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    PERFORM FROM helpline.persons p
    WHERE p.centre_id = NEW.centre_id AND p.person_id = helpline.survivor_of(NEW.centre_id, NEW.person_id) FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM helpline.cases o
        WHERE o.centre_id = NEW.centre_id AND o.kind = NEW.kind AND o.closed_at IS NULL AND NOT o.additional AND o.case_id <> NEW.case_id
          AND o.person_id IN (SELECT helpline.records_of(NEW.centre_id, NEW.person_id)))
    THEN
        RAISE EXCEPTION 'another case of the kind is open'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'one_open_case_of_a_kind';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opened_case_is_the_only_one BEFORE INSERT ON helpline.cases
    FOR EACH ROW WHEN (NEW.closed_at IS NULL AND NOT NEW.additional)
    EXECUTE FUNCTION helpline.refuse_second_case();
CREATE TRIGGER reopened_case_is_the_only_one BEFORE UPDATE OF closed_at ON helpline.cases
    FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL AND NOT NEW.additional)
    EXECUTE FUNCTION helpline.refuse_second_case();
