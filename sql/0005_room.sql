-- How much of the store each couple and team takes.

-- What a live object weighs: the bytes of its texts. Programs that know nothing of it leave what was there; maintenance sets it right.
ALTER TABLE changes ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;

-- The sums by kind: of the feed's live objects, its tombstones, and of rows that are in no feed.
CREATE TABLE room (
  tenant BIGINT NOT NULL,
  kind VARCHAR(20) NOT NULL,
  objects BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  PRIMARY KEY (tenant, kind),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);
