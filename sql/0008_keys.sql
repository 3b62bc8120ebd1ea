-- Ids that phones make are unique in their tenant, and a row says what was sent when it was made, as a keyed hash, and when it was
-- last edited, by that device's clock. SQLite changes no key of a table that is there: each is made anew, in one transaction.
-- Servers have a part of their own: there that would lose what older programs write meanwhile.

CREATE TABLE new_questions (
  id VARCHAR(36) NOT NULL,
  tenant BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  text MEDIUMTEXT NOT NULL,
  theme VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  made VARCHAR(64) NULL,
  edited_at BIGINT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (created_by) REFERENCES users (id)
);

INSERT INTO new_questions (id, tenant, created_by, text, theme, created_at, stamp, version)
  SELECT id, tenant, created_by, text, theme, created_at, stamp, version FROM questions;

CREATE TABLE new_answers (
  id VARCHAR(36) NOT NULL,
  tenant BIGINT NOT NULL,
  question VARCHAR(36) NOT NULL,
  user_id BIGINT NOT NULL,
  status VARCHAR(12) NOT NULL,
  text MEDIUMTEXT NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  made VARCHAR(64) NULL,
  edited_at BIGINT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, question, user_id),
  FOREIGN KEY (tenant, question) REFERENCES new_questions (tenant, id) ON DELETE CASCADE,
  FOREIGN KEY (user_id) REFERENCES users (id)
);

INSERT INTO new_answers (id, tenant, question, user_id, status, text, created_at, stamp, version)
  SELECT id, tenant, question, user_id, status, text, created_at, stamp, version FROM answers;

CREATE TABLE new_goals (
  id VARCHAR(36) NOT NULL,
  tenant BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  owner BIGINT NULL,
  title VARCHAR(255) NOT NULL,
  why_for_us MEDIUMTEXT NOT NULL,
  status VARCHAR(10) NOT NULL,
  target_date VARCHAR(10) NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  made VARCHAR(64) NULL,
  edited_at BIGINT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (created_by) REFERENCES users (id)
);

INSERT INTO new_goals (id, tenant, created_by, owner, title, why_for_us, status, target_date, created_at, stamp, version)
  SELECT id, tenant, created_by, owner, title, why_for_us, status, target_date, created_at, stamp, version FROM goals;

CREATE TABLE new_goal_actions (
  id VARCHAR(36) NOT NULL,
  tenant BIGINT NOT NULL,
  goal VARCHAR(36) NOT NULL,
  text VARCHAR(255) NOT NULL,
  done BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  made VARCHAR(64) NULL,
  edited_at BIGINT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, goal) REFERENCES new_goals (tenant, id) ON DELETE CASCADE
);

INSERT INTO new_goal_actions (id, tenant, goal, text, done, created_at, stamp, version)
  SELECT id, tenant, goal, text, done, created_at, stamp, version FROM goal_actions;

CREATE TABLE new_checkins (
  id VARCHAR(36) NOT NULL,
  tenant BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  day VARCHAR(10) NOT NULL,
  mood BIGINT NOT NULL,
  stress BIGINT NOT NULL,
  energy BIGINT NOT NULL,
  note MEDIUMTEXT NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  made VARCHAR(64) NULL,
  edited_at BIGINT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, user_id, day),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (user_id) REFERENCES users (id)
);

INSERT INTO new_checkins (id, tenant, user_id, day, mood, stress, energy, note, created_at, stamp, version)
  SELECT id, tenant, user_id, day, mood, stress, energy, note, created_at, stamp, version FROM checkins;

CREATE TABLE new_letters (
  id VARCHAR(36) NOT NULL,
  tenant BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  month VARCHAR(7) NOT NULL,
  content MEDIUMTEXT NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  made VARCHAR(64) NULL,
  edited_at BIGINT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, month),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (created_by) REFERENCES users (id)
);

INSERT INTO new_letters (id, tenant, created_by, month, content, created_at, stamp, version)
  SELECT id, tenant, created_by, month, content, created_at, stamp, version FROM letters;

DROP TABLE answers;

DROP TABLE questions;

DROP TABLE goal_actions;

DROP TABLE goals;

DROP TABLE checkins;

DROP TABLE letters;

ALTER TABLE new_questions RENAME TO questions;

ALTER TABLE new_answers RENAME TO answers;

ALTER TABLE new_goals RENAME TO goals;

ALTER TABLE new_goal_actions RENAME TO goal_actions;

ALTER TABLE new_checkins RENAME TO checkins;

ALTER TABLE new_letters RENAME TO letters;

CREATE INDEX questions_newest ON questions (tenant, stamp);

CREATE INDEX goals_newest ON goals (tenant, stamp);

CREATE INDEX goal_actions_goal ON goal_actions (tenant, goal, created_at);

CREATE INDEX checkins_day ON checkins (tenant, day, user_id);

-- On a server: each statement commits itself, and no row is ever moved.

ALTER TABLE questions ADD COLUMN made VARCHAR(64) NULL, ADD COLUMN edited_at BIGINT NULL;

ALTER TABLE answers ADD COLUMN made VARCHAR(64) NULL, ADD COLUMN edited_at BIGINT NULL;

ALTER TABLE goals ADD COLUMN made VARCHAR(64) NULL, ADD COLUMN edited_at BIGINT NULL;

ALTER TABLE goal_actions ADD COLUMN made VARCHAR(64) NULL, ADD COLUMN edited_at BIGINT NULL;

ALTER TABLE checkins ADD COLUMN made VARCHAR(64) NULL, ADD COLUMN edited_at BIGINT NULL;

ALTER TABLE letters ADD COLUMN made VARCHAR(64) NULL, ADD COLUMN edited_at BIGINT NULL;

ALTER TABLE questions ADD UNIQUE questions_key (tenant, id);

ALTER TABLE answers ADD UNIQUE answers_one (tenant, question, user_id);

ALTER TABLE answers ADD CONSTRAINT answers_question FOREIGN KEY (tenant, question) REFERENCES questions (tenant, id) ON DELETE CASCADE;

ALTER TABLE answers DROP FOREIGN KEY answers_ibfk_1;

ALTER TABLE answers DROP PRIMARY KEY, ADD PRIMARY KEY (tenant, id), DROP INDEX question;

ALTER TABLE questions DROP PRIMARY KEY, ADD PRIMARY KEY (tenant, id), DROP INDEX questions_key;

ALTER TABLE goals ADD UNIQUE goals_key (tenant, id);

ALTER TABLE goal_actions ADD INDEX goal_actions_oldest (tenant, goal, created_at);

ALTER TABLE goal_actions ADD CONSTRAINT goal_actions_goal FOREIGN KEY (tenant, goal) REFERENCES goals (tenant, id) ON DELETE CASCADE;

ALTER TABLE goal_actions DROP FOREIGN KEY goal_actions_ibfk_1;

ALTER TABLE goal_actions DROP PRIMARY KEY, ADD PRIMARY KEY (tenant, id), DROP INDEX goal_actions_goal;

ALTER TABLE goals DROP PRIMARY KEY, ADD PRIMARY KEY (tenant, id), DROP INDEX goals_key;

ALTER TABLE checkins DROP PRIMARY KEY, ADD PRIMARY KEY (tenant, id);

ALTER TABLE letters DROP PRIMARY KEY, ADD PRIMARY KEY (tenant, id);
