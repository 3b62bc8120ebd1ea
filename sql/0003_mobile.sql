-- Mobile sync: records, their conflicts, telemetry, and what is counted of it.

-- A versioned record, by the UUID that its device made. A deleted one keeps its version: a late edit must not begin anew.
CREATE TABLE records (
  tenant BIGINT NOT NULL,
  domain VARCHAR(20) NOT NULL,
  id VARCHAR(36) NOT NULL,
  version BIGINT NOT NULL,
  data MEDIUMTEXT NOT NULL,
  client_at BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  updated_by BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  PRIMARY KEY (tenant, domain, id),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX records_stamp ON records (tenant, domain, stamp);

-- An edit that met a newer version: both sides, what was decided, by whom. Nothing that a device sent is dropped silently.
CREATE TABLE conflicts (
  id VARCHAR(36) PRIMARY KEY,
  tenant BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  device VARCHAR(255) NOT NULL,
  domain VARCHAR(20) NOT NULL,
  mobile_id VARCHAR(36) NOT NULL,
  server_version BIGINT NOT NULL,
  client_version BIGINT NOT NULL,
  client_at BIGINT NULL,
  server_data MEDIUMTEXT NOT NULL,
  client_data MEDIUMTEXT NOT NULL,
  base_data MEDIUMTEXT NULL,
  strategy VARCHAR(20) NOT NULL,
  result VARCHAR(20) NOT NULL,
  winner VARCHAR(10) NULL,
  answer MEDIUMTEXT NULL,
  created_at BIGINT NOT NULL,
  resolved_by BIGINT NULL,
  resolved_at BIGINT NULL,
  notes VARCHAR(2000) NULL,
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX conflicts_newest ON conflicts (tenant, created_at);

-- How a tenant wants the conflicts of a domain settled, where it differs from the domain's own policy.
CREATE TABLE policies (
  tenant BIGINT NOT NULL,
  domain VARCHAR(20) NOT NULL,
  policy VARCHAR(20) NOT NULL,
  auto_resolve BIGINT NOT NULL,
  notify BIGINT NOT NULL,
  PRIMARY KEY (tenant, domain),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

-- What devices measured. id: a hash of what makes an item unique in its domain.
CREATE TABLE telemetry (
  tenant BIGINT NOT NULL,
  domain VARCHAR(20) NOT NULL,
  user_id BIGINT NOT NULL,
  id VARCHAR(64) NOT NULL,
  device VARCHAR(255) NOT NULL,
  at BIGINT NOT NULL,
  data MEDIUMTEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, domain, user_id, id),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

-- A device as its uploads show it.
CREATE TABLE devices (
  tenant BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  id VARCHAR(255) NOT NULL,
  items BIGINT NOT NULL,
  synced BIGINT NOT NULL,
  conflicts BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, user_id, id),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

-- One row for each upload that did something, until it is summed up. Stamps are unique to a transaction.
CREATE TABLE uploads (
  tenant BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  device VARCHAR(255) NOT NULL,
  operation VARCHAR(20) NOT NULL,
  items BIGINT NOT NULL,
  synced BIGINT NOT NULL,
  conflicts BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  micros BIGINT NOT NULL,
  PRIMARY KEY (tenant, stamp),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

-- The figures of an hour, as JSON. tenant 0 is the whole site.
CREATE TABLE snapshots (
  hour BIGINT NOT NULL,
  tenant BIGINT NOT NULL,
  figures VARCHAR(2000) NOT NULL,
  PRIMARY KEY (hour, tenant)
);

-- Rate limits of what writes, as theoretical arrival times. bucket: a hash of the limit's name and the user.
CREATE TABLE limits (
  bucket VARCHAR(64) PRIMARY KEY,
  arrival BIGINT NOT NULL
);
