-- Teams: tenants of many, which have a name. A couple that the app made has none.

ALTER TABLE tenants ADD COLUMN name VARCHAR(100) NOT NULL DEFAULT '';
