-- The couple's nouns.

CREATE TABLE invites (
  code VARCHAR(6) PRIMARY KEY,
  tenant BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT NULL,
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX invites_tenant ON invites (tenant, created_at);

CREATE TABLE questions (
  id VARCHAR(36) PRIMARY KEY,
  tenant BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  text MEDIUMTEXT NOT NULL,
  theme VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (created_by) REFERENCES users (id)
);

CREATE INDEX questions_newest ON questions (tenant, stamp);

CREATE TABLE answers (
  id VARCHAR(36) PRIMARY KEY,
  tenant BIGINT NOT NULL,
  question VARCHAR(36) NOT NULL,
  user_id BIGINT NOT NULL,
  status VARCHAR(12) NOT NULL,
  text MEDIUMTEXT NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  UNIQUE (question, user_id),
  FOREIGN KEY (question) REFERENCES questions (id) ON DELETE CASCADE,
  FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE TABLE goals (
  id VARCHAR(36) PRIMARY KEY,
  tenant BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  owner BIGINT NULL,
  title VARCHAR(255) NOT NULL,
  why_for_us MEDIUMTEXT NOT NULL,
  status VARCHAR(10) NOT NULL,
  target_date VARCHAR(10) NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (created_by) REFERENCES users (id)
);

CREATE INDEX goals_newest ON goals (tenant, stamp);

CREATE TABLE goal_actions (
  id VARCHAR(36) PRIMARY KEY,
  tenant BIGINT NOT NULL,
  goal VARCHAR(36) NOT NULL,
  text VARCHAR(255) NOT NULL,
  done BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  FOREIGN KEY (goal) REFERENCES goals (id) ON DELETE CASCADE
);

CREATE INDEX goal_actions_goal ON goal_actions (goal, created_at);

CREATE TABLE checkins (
  id VARCHAR(36) PRIMARY KEY,
  tenant BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  day VARCHAR(10) NOT NULL,
  mood BIGINT NOT NULL,
  stress BIGINT NOT NULL,
  energy BIGINT NOT NULL,
  note MEDIUMTEXT NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  UNIQUE (tenant, user_id, day),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX checkins_day ON checkins (tenant, day, user_id);

CREATE TABLE letters (
  id VARCHAR(36) PRIMARY KEY,
  tenant BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  month VARCHAR(7) NOT NULL,
  content MEDIUMTEXT NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  UNIQUE (tenant, month),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE,
  FOREIGN KEY (created_by) REFERENCES users (id)
);
