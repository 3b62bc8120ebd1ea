-- A code says as what whoever joins by it joins.

ALTER TABLE invites ADD COLUMN role VARCHAR(10) NOT NULL DEFAULT 'member';
