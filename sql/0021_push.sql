-- Subscriptions: where and how a device wants to be woken.

-- sealed: the endpoint and its keys. endpoint: a keyed hash of it, which a subscription shares with nobody: one that was not verified is hashed
-- with its device, so that it takes nobody's away; null holds preferences alone. host: a keyed hash of the endpoint's host, 0 is none.
-- domains: lists of the feed as JSON, empty is all. priority: the lowest that wakes. quiet_from, quiet_to: minutes of the day.
-- codes: how many were made to verify it; code_sent: was the last one? wrong: how often that was guessed wrongly.
-- told: up to which stamp of the tenant told_in it was woken, or has polled; looked: up to which stamp its due instant is known.
-- due_at: when the courier looks at it next. unseen_at: the first change that it was not woken of. tries: how often a wake-up failed.
-- not_before: nothing is sent earlier. past: the wake-ups of the last day. critical: the stamp of what nobody acknowledged, told again repeats times.
-- test: a wake-up that its user asked for waits, since test_at.
CREATE TABLE push_subscriptions (
  user_id BIGINT NOT NULL,
  device_id VARCHAR(255) NOT NULL,
  id VARCHAR(36) NOT NULL,
  sealed BLOB NULL,
  endpoint VARCHAR(64) NULL UNIQUE,
  host BIGINT NOT NULL,
  domains TEXT NOT NULL,
  priority BIGINT NOT NULL,
  saver BIGINT NOT NULL,
  quiet_from BIGINT NULL,
  quiet_to BIGINT NULL,
  visible BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  state VARCHAR(10) NOT NULL,
  state_at BIGINT NOT NULL,
  verified_at BIGINT NULL,
  codes BIGINT NOT NULL,
  code_sent BIGINT NOT NULL,
  wrong BIGINT NOT NULL,
  told_in BIGINT NOT NULL,
  told BIGINT NOT NULL,
  looked BIGINT NOT NULL,
  due_at BIGINT NULL,
  unseen_at BIGINT NULL,
  tries BIGINT NOT NULL,
  not_before BIGINT NOT NULL,
  past VARCHAR(1024) NOT NULL,
  critical BIGINT NOT NULL,
  repeats BIGINT NOT NULL,
  test BIGINT NOT NULL,
  test_at BIGINT NOT NULL,
  sent BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  last_status VARCHAR(10) NULL,
  last_sent_at BIGINT NULL,
  PRIMARY KEY (user_id, device_id),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- How many subscriptions of its members are awake: a write in a tenant without one makes nothing due.
ALTER TABLE tenants ADD COLUMN pushes BIGINT NOT NULL DEFAULT 0;

-- How often the session polls, because of its device's subscription; see feature/rhythm.rs.
ALTER TABLE sessions ADD COLUMN wake BIGINT NOT NULL DEFAULT 0;
