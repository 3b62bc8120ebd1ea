-- Who made the version that the feed tells of, and who wrote the server's side of a conflict. Of what its author alone may edit, a
-- tombstone names the author. What was written before names nobody, and a program of before leaves the name that it finds.

ALTER TABLE changes ADD COLUMN edited_by BIGINT NULL;

ALTER TABLE conflicts ADD COLUMN server_by BIGINT NULL;
