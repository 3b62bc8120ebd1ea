-- Who uses what of the API that is to go: by day, app and its version, and nothing of people.

-- client: empty on the row that says that a day was counted. slot, seen: the slot of the file that was folded in last, and how much of it.
CREATE TABLE api_usage (
  day BIGINT NOT NULL,
  target VARCHAR(44) NOT NULL,
  version BIGINT NOT NULL,
  client VARCHAR(32) NOT NULL,
  requests BIGINT NOT NULL,
  slot BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  PRIMARY KEY (day, target, version, client)
);
