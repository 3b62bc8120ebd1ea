-- Who left a couple, and who kept one that was left. Where a row is, the couple takes nobody but whom the row lets return.
-- claim: kept, by who stayed; left, good for a while; none, given up or over.

CREATE TABLE departures (
  tenant BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  left_at BIGINT NOT NULL,
  claim VARCHAR(10) NOT NULL,
  may_return BIGINT NOT NULL,
  PRIMARY KEY (tenant, user_id),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

-- Who left before this was noted is known by what they wrote. When is not: not after the couple last changed.
INSERT INTO departures (tenant, user_id, left_at, claim, may_return)
SELECT w.tenant, w.user_id, t.updated_at, 'left', 1
FROM (
  SELECT tenant, created_by AS user_id FROM questions
  UNION SELECT tenant, user_id FROM answers
  UNION SELECT tenant, created_by FROM goals
  UNION SELECT tenant, user_id FROM checkins
  UNION SELECT tenant, created_by FROM letters
  UNION SELECT tenant, created_by FROM records
  UNION SELECT tenant, user_id FROM devices
) AS w
JOIN tenants t ON t.id = w.tenant
WHERE t.kind = 'couple' AND w.user_id <> 0
AND NOT EXISTS (SELECT m.user_id FROM members m WHERE m.tenant = w.tenant AND m.user_id = w.user_id);
