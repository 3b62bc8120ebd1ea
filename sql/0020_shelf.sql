-- The shelf: what only rare routes, commands and the night read lies in one table, because a CGI start reads the definition of each.

-- kind: what it is; its owner is in the code. id: which of them. owner: whose it is, 0 where it is nobody's. until_at: until when it holds; null
-- is for good. data: as its kind writes it; LONGTEXT, for tables of MEDIUMTEXT have an index beside them (src/db/sqlite/define.rs).
CREATE TABLE shelf (
  kind VARCHAR(20) NOT NULL,
  id VARCHAR(64) NOT NULL,
  owner BIGINT NOT NULL,
  until_at BIGINT NULL,
  data LONGTEXT NOT NULL,
  PRIMARY KEY (kind, id, owner)
);

-- The sums of edits are made anew each night, and counted until then; models are learned anew by the next night. What these two held is not
-- moved: no program that was released wrote it.
DROP TABLE edit_sums;

DROP TABLE models;

DELETE FROM facts WHERE name = 'edit_sums_made';
