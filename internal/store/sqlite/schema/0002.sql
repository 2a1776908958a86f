-- Answers and edits: the ID of the message that a message answers, 0 for none,
-- and when its text was replaced (Unix nanoseconds), 0 for never.
ALTER TABLE posts ADD COLUMN reply  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;

-- The last seq of the messages of an epoch that were archived.
ALTER TABLE orders ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;

-- The messages that clients have sent, by the client's own ID. They stay when the
-- message is deleted or archived.
CREATE TABLE cids (
  owner INTEGER NOT NULL, -- an account or a session
  cid   TEXT    NOT NULL,
  id    INTEGER NOT NULL, -- of the message
  room  INTEGER NOT NULL REFERENCES rooms (id),
  epoch INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  PRIMARY KEY (owner, cid)
) STRICT, WITHOUT ROWID;
CREATE INDEX cids_owner ON cids (owner, id);

-- How far accounts have read. n grows with each change, so that the marks that
-- have not moved for longest can be dropped.
CREATE TABLE read_marks (
  n       INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  room    TEXT    NOT NULL,
  epoch   INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  UNIQUE (account, room)
) STRICT;

-- Sessions. The hashes of their tokens are not in the document, which is JSON.
CREATE TABLE sessions (
  id       INTEGER PRIMARY KEY,
  account  INTEGER NOT NULL, -- 0 for a guest's
  hash     BLOB    NOT NULL,
  previous BLOB    NOT NULL,
  data     TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_account ON sessions (account);

-- The messages that were deleted or edited last, in that order, for clients that
-- were away.
CREATE TABLE changes (
  n      INTEGER PRIMARY KEY,
  room   INTEGER NOT NULL REFERENCES rooms (id),
  id     INTEGER NOT NULL UNIQUE, -- of the message
  edited INTEGER NOT NULL, -- 1, or 0: deleted
  time   INTEGER NOT NULL -- Unix nanoseconds; 0 if it is not known
) STRICT;
CREATE INDEX changes_room ON changes (room, n);
