-- What is remembered of edits of records, for advice to whoever edits next: names, numbers and instants, no content.

-- place: of several edits under one stamp, which. device: a keyed hash of user and device. base, base_at: the version that the device had
-- seen, and its stamp. version: the one that the edit made, or 0. fields: what it changed. cursor_at: how far its session had polled.
-- outcome: written, merged, conflict or unchanged. met: had another device changed what this one had not seen? Who has left is numbers
-- below 0, made for that and kept nowhere else.
CREATE TABLE history (
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
  PRIMARY KEY (tenant, domain, id, stamp, place),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);
