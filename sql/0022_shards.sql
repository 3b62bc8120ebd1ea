-- Edits lie where they are added at an end, one after the other: in 256 places a tenant, by the last two characters of their record's
-- id (shard). In the order of records each edit of an upload was a page of its own to read and to write.

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
  shard VARCHAR(2) NOT NULL DEFAULT '',
  PRIMARY KEY (tenant, shard, stamp, place),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

INSERT INTO new_history (tenant, domain, id, stamp, place, user_id, device, base, base_at, version, fields, edited_at, cursor_at, outcome, met, shard)
  SELECT tenant, domain, id, stamp, place, user_id, device, base, base_at, version, fields, edited_at, cursor_at, outcome, met, SUBSTRING(id, 35, 2)
  FROM history;

DROP TABLE history;

ALTER TABLE new_history RENAME TO history;

-- On a server: in place.

ALTER TABLE history ADD COLUMN shard VARCHAR(2) NOT NULL DEFAULT '';

UPDATE history SET shard = SUBSTRING(id, 35, 2) WHERE shard = '';

ALTER TABLE history DROP PRIMARY KEY, ADD PRIMARY KEY (tenant, shard, stamp, place);
