-- Codes that let somebody in once, and the mails that bring them.

-- kind: what it is for. owner: the account, or 0: nobody's. id: its link's keyed hash. code: its short form's keyed hash.
-- wrong: how often that was guessed wrongly. mail: the mail that waits, sealed. mail_at: when it is sent next. tries: how often it was.
CREATE TABLE codes (
  kind VARCHAR(16) NOT NULL,
  owner BIGINT NOT NULL,
  id VARCHAR(64) NOT NULL,
  code VARCHAR(64) NOT NULL,
  wrong BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  mail MEDIUMBLOB NULL,
  mail_at BIGINT NULL,
  tries BIGINT NOT NULL,
  PRIMARY KEY (kind, owner, id)
);

-- The key of the address that was verified; another address than that, as an older program may write it, is not.
ALTER TABLE users ADD COLUMN verified VARCHAR(254) NULL;
