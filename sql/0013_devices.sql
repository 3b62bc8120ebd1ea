-- Devices, each its user's, and which session is signed in on which. What a program of before makes has no device.

-- state: active, revoked, wipe_pending or wiped, since state_at. priority: null is its type's;
-- granted_in: the team whose admin let it be more than that.
CREATE TABLE installations (
  user_id BIGINT NOT NULL,
  device_id VARCHAR(255) NOT NULL,
  name VARCHAR(100) NOT NULL,
  type VARCHAR(10) NOT NULL,
  priority BIGINT NULL,
  granted_in BIGINT NOT NULL,
  os VARCHAR(50) NOT NULL,
  os_version VARCHAR(50) NOT NULL,
  app VARCHAR(50) NOT NULL,
  app_version VARCHAR(50) NOT NULL,
  can_wipe BIGINT NOT NULL,
  state VARCHAR(12) NOT NULL,
  state_at BIGINT NOT NULL,
  registered_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, device_id),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- Sessions that have ended, in a table of their own: a program of before, which looks into the other one, lets none of them in.
CREATE TABLE ended_sessions (
  id VARCHAR(36) PRIMARY KEY,
  user_id BIGINT NOT NULL,
  device VARCHAR(255) NOT NULL,
  reason VARCHAR(10) NOT NULL,
  ended_at BIGINT NOT NULL,
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

ALTER TABLE sessions ADD COLUMN device VARCHAR(255) NOT NULL DEFAULT '';

ALTER TABLE sessions ADD COLUMN client VARCHAR(100) NOT NULL DEFAULT '';

ALTER TABLE sessions ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;

-- What its device holds of the feed: the cursor that it sent last, of which lists, in which couple or team, and when.
ALTER TABLE sessions ADD COLUMN polled_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE sessions ADD COLUMN cursor_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE sessions ADD COLUMN lists BIGINT NOT NULL DEFAULT 0;

ALTER TABLE sessions ADD COLUMN polled_in BIGINT NOT NULL DEFAULT 0;
