-- What was done under an idempotency key, long after its answer was forgotten. scope, request: keyed hashes, as in idempotency.
-- stamps: those of the feed that it wrote. not_done: what did not land of it, as JSON. No long text, so that it is a table without a rowid.
CREATE TABLE spent (
  scope VARCHAR(64) NOT NULL,
  request VARCHAR(64) NOT NULL,
  stamps VARCHAR(1000) NOT NULL,
  not_done VARCHAR(4000) NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (scope, request)
);
