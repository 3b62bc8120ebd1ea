-- Who made a change, so that nobody is woken by their own; and messages to devices, which polls bring.

-- 63 bits of a keyed hash of the device, or of the session that has none; 0 is nobody, as is everybody of before.
ALTER TABLE changes ADD COLUMN author BIGINT NOT NULL DEFAULT 0;

-- user_id: 0 is all members. device: an author, or 0, all devices. priority: 0 normal, 1 high, 2 critical.
CREATE TABLE push_messages (
  tenant BIGINT NOT NULL,
  stamp BIGINT NOT NULL,
  id VARCHAR(36) NOT NULL,
  type VARCHAR(20) NOT NULL,
  priority BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  device BIGINT NOT NULL,
  author BIGINT NOT NULL,
  data TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (tenant, stamp, id),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE
);

-- Up to where a device has seen its messages, and a session that has none.
ALTER TABLE installations ADD COLUMN acked BIGINT NOT NULL DEFAULT 0;

ALTER TABLE sessions ADD COLUMN acked BIGINT NOT NULL DEFAULT 0;
