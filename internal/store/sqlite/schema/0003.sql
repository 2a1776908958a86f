-- The messages that clients have sent, by owner and then in the order of messages: those
-- that move here together from recent_cids change a page for each owner. A CID may be
-- there twice; the message with the greater ID counts.
ALTER TABLE cids RENAME TO cids_2;
CREATE TABLE cids (
  owner INTEGER NOT NULL, -- an account or a session
  id    INTEGER NOT NULL, -- of the message
  cid   TEXT    NOT NULL,
  room  INTEGER NOT NULL REFERENCES rooms (id),
  epoch INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  PRIMARY KEY (owner, id)
) STRICT, WITHOUT ROWID;
INSERT INTO cids (owner, id, cid, room, epoch, seq)
  SELECT owner, id, cid, room, epoch, seq FROM cids_2 ORDER BY owner, id;
DROP TABLE cids_2;

-- The latest of them, which are not in cids yet: a commit appends them to one page.
CREATE TABLE recent_cids (
  id    INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL,
  cid   TEXT    NOT NULL,
  room  INTEGER NOT NULL REFERENCES rooms (id),
  epoch INTEGER NOT NULL,
  seq   INTEGER NOT NULL
) STRICT;
