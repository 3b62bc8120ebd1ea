-- Edits lie in the order in which they landed, each behind the one before, and name the one before of their record (earlier_at,
-- earlier_place; 0 is none); a record names its last (edit_at, edit_place). So an upload writes at one end, where it wrote in 256 places
-- a tenant, and whoever asks about a record reads its own edits alone. Those of before are learned from as ever, and no record names them.

ALTER TABLE records ADD COLUMN edit_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE records ADD COLUMN edit_place BIGINT NOT NULL DEFAULT 0;

CREATE TABLE new_history (
  tenant BIGINT NOT NULL,
  domain VARCHAR(20) NOT NULL,
  id VARCHAR(36) NOT NULL,
  stamp BIGINT NOT NULL,
  place BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  device BIGINT NOT NULL,
  base BIGINT NOT NULL,
  base_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  fields VARCHAR(1000) NOT NULL,
  edited_at BIGINT NOT NULL,
  cursor_at BIGINT NULL,
  outcome VARCHAR(10) NOT NULL,
  met BIGINT NOT NULL,
  earlier_at BIGINT NOT NULL DEFAULT 0,
  earlier_place BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, stamp, place),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

INSERT INTO new_history (tenant, stamp, place, domain, id, user_id, device, base, base_at, version, fields, edited_at, cursor_at, outcome, met)
  SELECT tenant, stamp, place, domain, id, user_id, device, base, base_at, version, fields, edited_at, cursor_at, outcome, met
  FROM history;

DROP TABLE history;

ALTER TABLE new_history RENAME TO history;

-- On a server: in place.

ALTER TABLE records ADD COLUMN edit_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE records ADD COLUMN edit_place BIGINT NOT NULL DEFAULT 0;

ALTER TABLE history ADD COLUMN earlier_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE history ADD COLUMN earlier_place BIGINT NOT NULL DEFAULT 0;

ALTER TABLE history DROP PRIMARY KEY, ADD PRIMARY KEY (tenant, stamp, place), DROP COLUMN shard;
