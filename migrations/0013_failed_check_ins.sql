-- Supervisors are alerted of check-ins that failed lately.

CREATE INDEX callbacks_failed_check_ins ON helpline.callbacks (centre_id, ended_at) WHERE kind = 'check_in' AND state = 'failed';
