-- What was learned from edits: models, of which one at the most is active. No id of anybody is in them.

-- state: candidate, active, retired or refused, since changed_at. model: its numbers as JSON. figures: how it did, as JSON.
CREATE TABLE models (
  id VARCHAR(36) PRIMARY KEY,
  state VARCHAR(10) NOT NULL,
  made_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  model MEDIUMTEXT NOT NULL,
  figures MEDIUMTEXT NOT NULL
);
