-- Who edits what now, and what was told of it; and sums of the history, made each night.

-- live: 1 until it has ended. device: a number as in the history. name: what that device calls itself, empty once it has ended. moved_at: when
-- the feed last told of it. fields: those that are edited, empty where nobody said. told: what was known at its begin, as JSON.
CREATE TABLE marks (
  tenant BIGINT NOT NULL,
  live BIGINT NOT NULL,
  id VARCHAR(36) NOT NULL,
  kind VARCHAR(20) NOT NULL,
  user_id BIGINT NOT NULL,
  device BIGINT NOT NULL,
  began_at BIGINT NOT NULL,
  name VARCHAR(255) NOT NULL,
  until_at BIGINT NOT NULL,
  moved_at BIGINT NOT NULL,
  quiet BIGINT NOT NULL,
  fields VARCHAR(1000) NOT NULL,
  cursor_at BIGINT NULL,
  ended_at BIGINT NULL,
  told VARCHAR(1000) NOT NULL,
  PRIMARY KEY (tenant, live, id, kind, user_id, device, began_at),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

-- Edits of the 45 days before a day, of a user or, under 0, of all, and those of the last 7 of them.
CREATE TABLE edit_sums (
  tenant BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  day BIGINT NOT NULL,
  edits BIGINT NOT NULL,
  contested BIGINT NOT NULL,
  met BIGINT NOT NULL,
  week BIGINT NOT NULL,
  PRIMARY KEY (tenant, user_id),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);
