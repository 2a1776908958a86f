-- One row: where everything stands.
CREATE TABLE meta (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  epoch     INTEGER NOT NULL,
  last_id   INTEGER NOT NULL,
  clean     INTEGER NOT NULL, -- the last record was an End
  acts      INTEGER NOT NULL, -- the number of the last entry of the audit log
  acts_hash BLOB    NOT NULL, -- and its hash: so that entries missing at the end are noticed
  words     TEXT    NOT NULL, -- how the words of the index were made
  probe     INTEGER NOT NULL  -- counts commits
) STRICT;
INSERT INTO meta VALUES (1, 0, 0, 1, 0, zeroblob(32), '', 0);

-- The rooms that have or had messages.
CREATE TABLE rooms (
  id    INTEGER PRIMARY KEY,
  name  TEXT    NOT NULL UNIQUE,
  bytes INTEGER NOT NULL DEFAULT 0 -- of its messages, as store.PostSize counts
) STRICT;

-- How far a room came in an epoch.
CREATE TABLE orders (
  room  INTEGER NOT NULL REFERENCES rooms (id),
  epoch INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  PRIMARY KEY (room, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE posts (
  id      INTEGER PRIMARY KEY,
  room    INTEGER NOT NULL REFERENCES rooms (id),
  epoch   INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  kind    INTEGER NOT NULL,
  account INTEGER NOT NULL,
  time    INTEGER NOT NULL, -- Unix nanoseconds
  name    TEXT    NOT NULL,
  key     TEXT    NOT NULL,
  body    TEXT    NOT NULL, -- '' if gone
  gone    INTEGER NOT NULL DEFAULT 0 -- taken back
) STRICT;
CREATE INDEX posts_room ON posts (room, id);

-- The first and last message of each day (Unix days, UTC). Clocks jump, so the
-- messages of a day are somewhere between them, not all of those.
CREATE TABLE days (
  day   INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  last  INTEGER NOT NULL
) STRICT;

-- Messages that the index does not know yet.
CREATE TABLE pending (id INTEGER PRIMARY KEY) STRICT;

-- The index holds no text, only which words are in which message. Its rowids are
-- negative IDs: the natural order is the newest first. The words are as package
-- words makes them, so that the tokenizer has nothing to decide; words that
-- begin with U+E000, which those never do, are the room and the author.
CREATE VIRTUAL TABLE search USING fts5 (
  words, content = '', detail = none,
  tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

-- What the store does not ask about is one document each, in JSON.
CREATE TABLE accounts    (id   INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE room_states (name TEXT    PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE sanctions   (id   INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE flags       (id   INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT;

CREATE TABLE mail (
  id      INTEGER PRIMARY KEY,
  account INTEGER NOT NULL, -- whose it is
  data    TEXT    NOT NULL
) STRICT;
CREATE INDEX mail_account ON mail (account, id);

-- The audit log; see store.Chain.
CREATE TABLE acts (
  n      INTEGER PRIMARY KEY,
  time   INTEGER NOT NULL,
  by     TEXT NOT NULL,
  verb   TEXT NOT NULL,
  target TEXT NOT NULL,
  room   TEXT NOT NULL,
  why    TEXT NOT NULL,
  hash   BLOB NOT NULL
) STRICT;

-- Archives that are being written: how long the file was before.
CREATE TABLE archiving (
  file TEXT PRIMARY KEY,
  size INTEGER NOT NULL
) STRICT;
