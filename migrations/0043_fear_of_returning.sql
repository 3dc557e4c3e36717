-- Fear that was said with help to return is fear of that country, recorded for the case, as fear said at a hand-over is. What was asked to be
-- overridden knew of it.

INSERT INTO helpline.protections (centre_id, protection_id, case_id, kind, country, recorded_by, recorded_at)
SELECT DISTINCT ON (b.centre_id, b.case_id, b.country) b.centre_id, b.return_id, b.case_id, 'fear', b.country, b.started_by,
    least(b.changed_at, b.override_asked_at)
FROM helpline.return_assistances b
WHERE b.fear_recorded
ORDER BY b.centre_id, b.case_id, b.country, b.return_id
ON CONFLICT DO NOTHING;
