//! What is due and was not done.

use helpline_domain::alert::{AlertKind, Subject};
use helpline_domain::id::CentreId;
use helpline_domain::settings::reintegration::Reintegration;

use crate::disclosure::not_feared;
use crate::{Store, StoreError};

/// A failed check-in is due until somebody has seen to its work; a need that nobody met, until the child is
/// referred anew. The month bounds what is read.
const DUE: &str = concat!("
    SELECT 'callback_overdue' AS kind, 'contact ' || coalesce(work_contact_id, origin_contact_id) AS subject FROM helpline.callbacks
    WHERE centre_id = $1 AND look_at IS NOT NULL AND alarmed_at IS NOT NULL
    UNION ALL
    SELECT 'check_in_failed', 'contact ' || cb.work_contact_id FROM helpline.callbacks cb
    JOIN helpline.contacts w ON w.centre_id = $1 AND w.contact_id = cb.work_contact_id
    WHERE cb.centre_id = $1 AND cb.kind = 'check_in' AND cb.state = 'failed' AND w.ended_at IS NULL
      AND cb.ended_at > (SELECT helpline.now()) - interval '30 days'
    UNION ALL
    SELECT 'second_opinion_overdue', 'opinion ' || opinion_id FROM helpline.second_opinions
    WHERE centre_id = $1 AND answered_at IS NULL AND alarmed_at IS NOT NULL
    UNION ALL
    SELECT 'referral_overdue', 'referral ' || referral_id FROM helpline.referrals
    WHERE centre_id = $1 AND alarms > 0 AND ended_at IS NULL
    UNION ALL
    SELECT late.kind, 'crossborder ' || h.crossborder_id FROM helpline.crossborder_handovers h
    CROSS JOIN LATERAL (VALUES
        ('cross_border_overdue', h.alarms > 0 OR h.state = 'missing' AND NOT EXISTS (
            SELECT FROM helpline.escalations e
            WHERE e.centre_id = $1 AND e.escalation_id = h.escalation_id AND e.ended_at IS NULL)),
        ('cross_border_at_risk', h.state IN ('first_visit_done', 'monitoring') AND (
            SELECT e.detail ->> 'well_being' FROM helpline.crossborder_events e
            WHERE e.centre_id = $1 AND e.crossborder_id = h.crossborder_id AND e.event IN ('first_visit_done', 'monitoring_reported')
            ORDER BY e.sequence DESC LIMIT 1) = 'at_risk')) AS late (kind, holds)
    WHERE h.centre_id = $1 AND h.ended_at IS NULL AND late.holds
    UNION ALL
    SELECT 'school_report_overdue', 'school_report ' || school_report_id FROM helpline.school_reports
    WHERE centre_id = $1 AND due_at <= (SELECT helpline.now())
    UNION ALL
    SELECT 'school_report_overdue', 'school_report ' || r.school_report_id FROM helpline.school_reports r
    JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = r.escalation_id
    WHERE r.centre_id = $1 AND r.due_at > (SELECT helpline.now()) AND e.ended_at IS NOT NULL AND e.state <> 'resolved'
    UNION ALL
    SELECT 'school_pattern', 'school ' || school_id FROM helpline.schools
    WHERE centre_id = $1 AND pattern_until > (SELECT helpline.now())
    UNION ALL
    SELECT 'survey_danger', 'contact ' || contact_id FROM helpline.surveys
    WHERE centre_id = $1 AND danger IS NOT NULL AND reviewed_at IS NULL
    UNION ALL
    SELECT 'returnee_not_arrived', 'returnee ' || returnee_id FROM helpline.returnees
    WHERE centre_id = $1 AND state = 'announced' AND expected_at <= (SELECT helpline.now()) - make_interval(secs => $2)
    UNION ALL
    SELECT 'returnee_not_settled', 'returnee ' || returnee_id FROM helpline.returnees
    WHERE centre_id = $1 AND state IN ('arrived', 'first_rehabilitation')
      AND arrived_at <= (SELECT helpline.now()) - make_interval(secs => $3)
    UNION ALL
    -- As long as one waits for a child who does not come: between the last case and the end there is a moment.
    SELECT 'returnee_not_settled', 'returnee ' || x.returnee_id FROM helpline.returnees x
    WHERE x.centre_id = $1 AND x.state IN ('settled', 'monitored') AND NOT EXISTS (
        SELECT FROM helpline.cases c
        WHERE c.centre_id = $1 AND c.person_id IN (SELECT helpline.records_of($1, x.person_id))
          AND (c.closed_at IS NULL OR c.closed_at > (SELECT helpline.now()) - make_interval(secs => $2)))
    UNION ALL
    SELECT DISTINCT 'service_offer_overdue', 'admission ' || o.admission_id FROM helpline.service_offers o
    JOIN helpline.admissions a ON a.centre_id = $1 AND a.admission_id = o.admission_id AND a.state <> 'exited'
    WHERE o.centre_id = $1 AND o.state = 'open' AND o.due_at <= (SELECT helpline.now())
    UNION ALL
    SELECT 'child_left_behind', 'admission ' || a.admission_id FROM helpline.admissions a
    JOIN helpline.admissions w ON w.centre_id = $1 AND w.admission_id = a.accompanies_id
    WHERE a.centre_id = $1 AND a.accompanies_id IS NOT NULL AND a.state <> 'exited' AND w.state = 'exited'
    UNION ALL
    SELECT 'grace_period_ending', CASE WHEN b.grace_ends_at > (SELECT helpline.now()) THEN 'return ' ELSE 'return_too_late ' END || b.return_id
    FROM helpline.return_assistances b
    WHERE b.centre_id = $1 AND b.warn_at <= (SELECT helpline.now()) AND b.state IN ('preparing', 'ready')
    UNION ALL
    SELECT late.kind, 'task ' || t.task_id FROM helpline.tasks t
    JOIN (VALUES (3, 'task_overdue'), (4, 'task_neglected')) AS late (rung, kind) ON t.climbed >= late.rung
    WHERE t.centre_id = $1 AND t.climbed >= 3 AND t.ended_at IS NULL
    UNION ALL
    SELECT DISTINCT 'glass_broken', 'case ' || g.case_id FROM helpline.glass_breaks g
    WHERE g.centre_id = $1 AND g.reviewed_at IS NULL
    UNION ALL
    SELECT 'case_unowned', 'case ' || c.case_id FROM helpline.cases c
    WHERE c.centre_id = $1 AND c.closed_at IS NULL AND NOT EXISTS (
        SELECT FROM helpline.counsellors o WHERE o.centre_id = $1 AND o.counsellor_id = c.owner_id AND o.disabled_at IS NULL)
      AND NOT EXISTS (
        SELECT FROM helpline.tokens k
        WHERE k.centre_id = $1 AND k.token_id = c.owner_id AND k.revoked_at IS NULL AND k.expires_at > (SELECT helpline.now()))
    UNION ALL
    SELECT 'redirect_overdue', 'case ' || r.case_id FROM helpline.redirects r
    JOIN helpline.cases c ON c.centre_id = $1 AND c.case_id = r.case_id
    WHERE r.centre_id = $1 AND r.due_at <= (SELECT helpline.now()) AND r.ended_at IS NULL
      AND (r.state <> 'accepted' OR c.closed_at IS NULL)
    UNION ALL
    SELECT 'child_detained', 'case ' || d.case_id FROM helpline.detentions d
    WHERE d.centre_id = $1 AND d.alarms > 0 AND d.ended_at IS NULL
    UNION ALL
    SELECT late.kind, 'referral ' || a.referral_id FROM helpline.admissions a
    JOIN helpline.stay_limits l ON l.centre_id = $1 AND l.admission_id = a.admission_id
    CROSS JOIN LATERAL (VALUES
        ('stay_ends_soon', a.state = 'admitted' AND l.until_at > (SELECT helpline.now())),
        ('stay_too_long', a.state IN ('admitted', 'exit_planned') AND l.until_at <= (SELECT helpline.now()))) AS late (kind, holds)
    WHERE a.centre_id = $1 AND a.state <> 'exited' AND l.warned_at <= (SELECT helpline.now()) AND late.holds
    UNION ALL
    -- Whatever a mission has that may learn nothing of it any more, and so can do nothing for the child.
    SELECT 'mission_in_charge', has.subject FROM helpline.agencies m CROSS JOIN LATERAL (
        SELECT 'referral ' || r.referral_id AS subject FROM helpline.referrals r
        WHERE r.centre_id = $1 AND r.agency_id = m.agency_id AND r.ended_at IS NULL AND r.state NOT IN ('draft', 'requested')
          AND NOT ", not_feared!("m.agency_id", "NULL", "r.referral_id", "NULL"), "
        UNION ALL
        SELECT 'crossborder ' || h.crossborder_id FROM helpline.crossborder_handovers h
        WHERE h.centre_id = $1 AND h.agency_id = m.agency_id AND h.ended_at IS NULL
          AND h.state NOT IN ('prepared', 'consent_checked', 'offered', 'receiving_assessment', 'declined')
          AND NOT ", not_feared!("m.agency_id", "NULL", "NULL", "h.crossborder_id"), "
        UNION ALL
        SELECT 'admission ' || a.admission_id FROM helpline.admissions a
        WHERE a.centre_id = $1 AND a.agency_id = m.agency_id AND a.state IN ('admitted', 'exit_planned')
          AND NOT ", not_feared!("m.agency_id", "NULL", "a.referral_id", "NULL"), ") AS has
    WHERE m.centre_id = $1 AND m.kind = 'embassy'
      AND EXISTS (SELECT FROM helpline.protections p WHERE p.centre_id = $1 AND p.lifted_at IS NULL)
    UNION ALL
    SELECT 'referral_unmet', 'referral ' || r.referral_id FROM helpline.referrals r
    WHERE r.centre_id = $1 AND r.unmet AND r.state <> 'entered_in_error' AND r.ended_at > (SELECT helpline.now()) - interval '30 days'
      AND NOT EXISTS (
        SELECT FROM helpline.referrals n
        WHERE n.centre_id = $1 AND (n.contact_id = r.contact_id OR n.case_id = r.case_id) AND n.need = r.need AND n.sent_at > r.ended_at AND n.state <> 'entered_in_error')
    UNION ALL
    SELECT late.kind, 'escalation ' || e.escalation_id FROM helpline.escalations e
    LEFT JOIN helpline.presences p ON p.centre_id = $1 AND p.counsellor_id = e.owner_id
    CROSS JOIN LATERAL (VALUES
        ('escalation_unanswered', e.state = 'unanswered'),
        (CASE e.kind WHEN 'emergency' THEN 'child_not_reached' ELSE 'report_overdue' END, e.reach_due_at IS NOT NULL AND e.reach_alarms > 0),
        ('escalation_unowned', CASE WHEN p.state IS NOT NULL THEN p.state IN ('offline', 'on_call') ELSE NOT EXISTS (
            SELECT FROM helpline.tokens k
            WHERE k.centre_id = $1 AND k.token_id = e.owner_id AND k.revoked_at IS NULL AND k.expires_at > (SELECT helpline.now())) END))
        AS late (kind, holds)
    WHERE e.centre_id = $1 AND e.ended_at IS NULL AND NOT e.exercise AND late.holds
    UNION
    SELECT late.kind, 'escalation ' || e.escalation_id FROM helpline.child_alerts m
    JOIN helpline.escalations e ON e.centre_id = $1 AND e.escalation_id = m.escalation_id
    CROSS JOIN LATERAL (VALUES
        ('child_alert_undecided', m.state = 'asked' AND m.asked_at <= (SELECT helpline.now()) - interval '1 minute'),
        ('child_alert_uncancelled', m.state = 'issued' AND m.expires_at > (SELECT helpline.now()) AND e.reach_due_at IS NULL)) AS late (kind, holds)
    WHERE m.centre_id = $1 AND m.state IN ('asked', 'issued') AND m.kind <> 'cancel' AND NOT m.exercise AND late.holds");

impl Store {
    /// What is due and was not done: callbacks and second opinions beyond their time, check-ins that failed within the hour,
    /// escalations that nobody has taken on, whose child was not reached, or whose owner has gone, reports past their deadline;
    /// missing-child alerts that nobody has decided on, or that are in force for nothing; steps of referrals, and those that
    /// nobody took on; tasks; cases that somebody let themselves into and nobody has looked at, or whose owner has left; hand-overs across
    /// borders; reports of abuse at schools, late or never with the authority, and many about one; surveys that tell of danger;
    /// children who were expected and of whom nothing was said, or who are not settled, or have no case any more, by these settings; what residents of shelters were not offered, children whom
    /// somebody left there, grace periods that end; cases handed to organisations, children who are held, and stays that last too long;
    /// what the mission of a country that the child is afraid of still has.
    pub async fn due_alerts(
        &self,
        centre: CentreId,
        returnees: &Reintegration,
    ) -> Result<Vec<(AlertKind, Subject)>, StoreError> {
        let mut connection = self.bound(centre).await?;
        let rows = sqlx::query_as::<_, (String, String)>(DUE)
            .bind(centre.as_uuid())
            .bind(f64::from(returnees.not_arrived_after_s))
            .bind(f64::from(returnees.settle_s))
            .fetch_all(connection.postgres())
            .await;
        let due = connection.settle(rows)?.into_iter();
        let known = |(kind, subject): (String, String)| {
            Some((AlertKind::from_key(&kind)?, Subject::from_key(&subject)?))
        };
        Ok(due.filter_map(known).collect())
    }
}
