CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    fence INTEGER NOT NULL CHECK (fence > 0),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE change_sets (
    id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('draft', 'published', 'discarded')),
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    changes TEXT NOT NULL,
    base_revision INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER
) STRICT;
CREATE INDEX change_sets_by_time ON change_sets (created_at);
CREATE INDEX change_sets_by_state ON change_sets (state, created_at);

-- started_at of a request in flight is also the token of who answers it.
CREATE TABLE idempotency (
    actor TEXT NOT NULL,
    request_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('in_flight', 'done')),
    status INTEGER,
    body TEXT,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (actor, request_key)
) STRICT;
CREATE INDEX idempotency_by_time ON idempotency (started_at);

CREATE TABLE acknowledgements (
    channel TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    epoch INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    horizon INTEGER NOT NULL,
    rung TEXT NOT NULL,
    shown TEXT NOT NULL,
    state TEXT NOT NULL,
    items INTEGER NOT NULL,
    held INTEGER NOT NULL,
    mismatches INTEGER NOT NULL,
    clock INTEGER NOT NULL,
    last_boundary INTEGER,
    stopped INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (channel, number)
) STRICT;
CREATE INDEX acknowledgements_by_time ON acknowledgements (channel, received_at, number);

CREATE TABLE channel_states (
    channel TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TRIGGER acknowledgements_no_change BEFORE UPDATE ON acknowledgements FOR EACH ROW BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: UPDATE of acknowledgements refused');
END;
CREATE TRIGGER acknowledgements_no_delete BEFORE DELETE ON acknowledgements FOR EACH ROW BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: DELETE of acknowledgements refused');
END;
