-- Devices that another one lets in: which did, and when a session's user last gave the password there. Which device an edit came from.

-- The device that let the session in; '' was a session without one, null is a sign-in.
ALTER TABLE sessions ADD COLUMN let_in_by VARCHAR(255) NULL;

ALTER TABLE sessions ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;

-- device made the version device_version of the record; where that is not the record's, an older program wrote since, and nobody knows.
ALTER TABLE records ADD COLUMN device VARCHAR(255) NOT NULL DEFAULT '';

ALTER TABLE records ADD COLUMN device_version BIGINT NOT NULL DEFAULT 0;

-- 1 where the policy is the devices' priority, which an older program takes for most_recent_wins: so that stands in policy.
ALTER TABLE policies ADD COLUMN by_device BIGINT NOT NULL DEFAULT 0;
