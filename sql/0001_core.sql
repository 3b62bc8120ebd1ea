-- Accounts, tenants, the clock and the change feed. One text for SQLite and MariaDB.
-- Few indexes: SQLite parses the whole schema when a CGI process opens it, and what only maintenance scans needs none.

CREATE TABLE migrations (
  version BIGINT PRIMARY KEY,
  name VARCHAR(64) NOT NULL,
  applied_at BIGINT NOT NULL
);

CREATE TABLE users (
  id BIGINT PRIMARY KEY,
  username VARCHAR(150) NOT NULL,
  username_key VARCHAR(150) NOT NULL UNIQUE,
  email VARCHAR(254) NULL,
  email_key VARCHAR(254) NULL UNIQUE,
  password VARCHAR(255) NOT NULL,
  first_name VARCHAR(150) NOT NULL,
  last_name VARCHAR(150) NOT NULL,
  language VARCHAR(2) NOT NULL,
  timezone VARCHAR(64) NOT NULL,
  disabled BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- One signed-in device. generation: the newest refresh token that the client has shown to hold.
CREATE TABLE sessions (
  id VARCHAR(36) PRIMARY KEY,
  user_id BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  generation_at BIGINT NOT NULL,
  rotated_at BIGINT NOT NULL,
  successor_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX sessions_user ON sessions (user_id);

-- The unit of isolation. clock: the newest stamp; horizon: the newest tombstone that was purged.
CREATE TABLE tenants (
  id BIGINT PRIMARY KEY,
  public_id VARCHAR(36) NOT NULL UNIQUE,
  kind VARCHAR(10) NOT NULL,
  clock BIGINT NOT NULL,
  horizon BIGINT NOT NULL,
  epoch VARCHAR(36) NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- A user is in one tenant at a time. seat: 0 is partner A, 1 partner B; two joins cannot take one seat.
CREATE TABLE members (
  user_id BIGINT PRIMARY KEY,
  tenant BIGINT NOT NULL,
  seat BIGINT NOT NULL,
  role VARCHAR(10) NOT NULL,
  joined_at BIGINT NOT NULL,
  UNIQUE (tenant, seat),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

-- One row for each live or deleted object, moved to the newest stamp in the object's own transaction.
CREATE TABLE changes (
  tenant BIGINT NOT NULL,
  kind VARCHAR(20) NOT NULL,
  id VARCHAR(36) NOT NULL,
  stamp BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  PRIMARY KEY (tenant, kind, id),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX changes_stamp ON changes (tenant, stamp);

-- Failed attempts at secrets; the bucket is a hash of what was tried from where.
CREATE TABLE attempts (
  bucket VARCHAR(64) NOT NULL,
  at BIGINT NOT NULL,
  id VARCHAR(36) PRIMARY KEY
);

CREATE INDEX attempts_bucket ON attempts (bucket, at);

-- Answers kept for retries, sealed. scope: a hash of tenant, user, operation and key.
CREATE TABLE idempotency (
  scope VARCHAR(64) PRIMARY KEY,
  request VARCHAR(64) NOT NULL,
  answer MEDIUMBLOB NOT NULL,
  hits BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);

-- Facts about the store itself, such as the last maintenance.
CREATE TABLE facts (
  name VARCHAR(40) PRIMARY KEY,
  value VARCHAR(255) NOT NULL
);
