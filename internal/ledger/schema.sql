-- Version 1. A vault token, a number, a name, an address or an e-mail stands
-- here only as its HMAC.

CREATE TABLE jobs (
  job        INTEGER PRIMARY KEY,
  id         TEXT    NOT NULL UNIQUE,
  status     TEXT    NOT NULL,
  reason     TEXT    NOT NULL DEFAULT '',
  plan       TEXT    NOT NULL,           -- JSON: what was asked for
  identity   BLOB    NOT NULL,           -- equal for equal content and options
  created_at INTEGER NOT NULL,           -- Unix milliseconds
  updated_at INTEGER NOT NULL,
  cancelled  INTEGER NOT NULL DEFAULT 0  -- somebody asked it to stop
);
CREATE INDEX jobs_by_identity ON jobs (identity);

CREATE TABLE rows (
  job         INTEGER NOT NULL,
  row         INTEGER NOT NULL,  -- from 1
  place       INTEGER NOT NULL,  -- where in its file the row begins
  customer_id INTEGER NOT NULL,  -- 0: not a valid one
  type        TEXT    NOT NULL,
  state       INTEGER NOT NULL,
  fingerprint BLOB    NOT NULL,
  content     BLOB    NOT NULL,  -- of all values
  vault       BLOB    NOT NULL,  -- of provider and vault token
  payer       BLOB    NOT NULL,  -- of provider and provider customer id; empty: none
  look        BLOB    NOT NULL,  -- what the store shows of it, field by field
  attempts    INTEGER NOT NULL DEFAULT 0,
  unknown_at  INTEGER NOT NULL DEFAULT 0, -- Unix milliseconds after which a look counts
  absent      INTEGER NOT NULL DEFAULT 0, -- looks that did not find it
  leader      INTEGER NOT NULL DEFAULT 0, -- of a follower: the row it repeats
  adopted     INTEGER NOT NULL DEFAULT 0,
  is_default  INTEGER NOT NULL DEFAULT 0, -- it asks to be the customer's default
  token       TEXT    NOT NULL DEFAULT '',
  problems    TEXT    NOT NULL DEFAULT '',
  warnings    TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (job, row)
) WITHOUT ROWID;
CREATE INDEX rows_open ON rows (state, job, row) WHERE state IN (2, 6, 7);
CREATE INDEX rows_by_customer ON rows (customer_id) WHERE state = 3;

-- Which row holds a fingerprint: the one that was sent last.
CREATE TABLE claims (
  fingerprint BLOB PRIMARY KEY,
  job         INTEGER NOT NULL,
  row         INTEGER NOT NULL
) WITHOUT ROWID;

-- Whose a vault token or a provider customer is, by the rows that were sent.
CREATE TABLE owners (
  mac         BLOB    NOT NULL,
  customer_id INTEGER NOT NULL,
  job         INTEGER NOT NULL,
  row         INTEGER NOT NULL,
  PRIMARY KEY (mac, customer_id, job, row)
) WITHOUT ROWID;

-- The tokens that a customer had before a job sent anything for them.
CREATE TABLE customers_seen (
  customer_id INTEGER PRIMARY KEY,
  job         INTEGER NOT NULL
);
CREATE TABLE tokens_seen (
  customer_id INTEGER NOT NULL,
  token       TEXT    NOT NULL,
  PRIMARY KEY (customer_id, token)
) WITHOUT ROWID;

-- What the store's list showed to a verification.
CREATE TABLE listed (
  token      TEXT PRIMARY KEY,
  is_default INTEGER NOT NULL
) WITHOUT ROWID;

PRAGMA user_version = 1;
