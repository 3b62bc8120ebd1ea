-- Devices that another one lets in: which did, and when a session's user last gave the password there.

-- The device that let the session in; '' was a session without one, null is a sign-in.
ALTER TABLE sessions ADD COLUMN let_in_by VARCHAR(255) NULL;

ALTER TABLE sessions ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;
