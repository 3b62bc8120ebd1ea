-- Versions: a whole number that grows with each edit of an object, beside it and in the feed. A program of before leaves it as it
-- is, and takes the version that it finds by default for a new object.

ALTER TABLE questions ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

ALTER TABLE answers ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

ALTER TABLE goals ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

ALTER TABLE goal_actions ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

ALTER TABLE checkins ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

ALTER TABLE letters ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- What has no version, such as the couple itself, has none in the feed.
ALTER TABLE changes ADD COLUMN version BIGINT NULL;

UPDATE changes SET version = 1 + deleted
  WHERE kind IN ('qna_questions', 'qna_answers', 'goals', 'goal_actions', 'checkins', 'letters');

UPDATE changes SET version = (
  SELECT r.version FROM records r
  WHERE r.tenant = changes.tenant AND r.id = changes.id
    AND r.domain = CASE changes.kind WHEN 'tasks' THEN 'task' WHEN 'tickets' THEN 'ticket' WHEN 'work_orders' THEN 'work_order' ELSE changes.kind END
  ) WHERE kind IN ('journal', 'attendance', 'tasks', 'tickets', 'work_orders');
