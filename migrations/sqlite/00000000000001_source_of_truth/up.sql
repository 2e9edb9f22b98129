-- Versioned rows are the log: a row is current while until_revision is null.
CREATE TABLE documents (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    since_revision INTEGER NOT NULL CHECK (since_revision > 0),
    until_revision INTEGER CHECK (until_revision > since_revision)
) STRICT;
-- Narrow indexes only: every one of them is paid for by each imported row.
CREATE UNIQUE INDEX documents_current ON documents (kind, id) WHERE until_revision IS NULL;
CREATE UNIQUE INDEX documents_closed ON documents (kind, id, until_revision) WHERE until_revision IS NOT NULL;
CREATE INDEX documents_since ON documents (since_revision);
CREATE INDEX documents_until ON documents (until_revision) WHERE until_revision IS NOT NULL;

-- The zone of a price for the whole market is ''. The minimum quantity of a
-- price is in millionths of the sale unit, 0 for any. Instants are microseconds.
CREATE TABLE prices (
    sku TEXT NOT NULL,
    market TEXT NOT NULL,
    zone TEXT NOT NULL,
    audience TEXT NOT NULL,
    kind TEXT NOT NULL,
    minimum_quantity INTEGER NOT NULL CHECK (minimum_quantity >= 0),
    valid_from INTEGER NOT NULL,
    valid_until INTEGER CHECK (valid_until > valid_from),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    since_revision INTEGER NOT NULL CHECK (since_revision > 0),
    until_revision INTEGER CHECK (until_revision > since_revision)
) STRICT;
CREATE UNIQUE INDEX prices_current ON prices (sku, market, zone, audience, kind, minimum_quantity, valid_from) WHERE until_revision IS NULL;
CREATE UNIQUE INDEX prices_closed ON prices (sku, market, zone, audience, kind, minimum_quantity, valid_from, until_revision) WHERE until_revision IS NOT NULL;
CREATE INDEX prices_since ON prices (since_revision);
CREATE INDEX prices_until ON prices (until_revision) WHERE until_revision IS NOT NULL;

CREATE TABLE revisions (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    epoch INTEGER NOT NULL CHECK (epoch > 0),
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    previous_hash TEXT NOT NULL,
    content_root TEXT NOT NULL,
    row_count INTEGER NOT NULL CHECK (row_count >= 0),
    hash TEXT NOT NULL
) STRICT;

CREATE TABLE epochs (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    opened_at INTEGER NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
INSERT INTO epochs (number, opened_at, author, reason) VALUES (1, 0, 'offercast', 'a new database');

-- A single row; writers lock it. The next number comes from here.
CREATE TABLE heads (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    hash TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    horizon INTEGER NOT NULL,
    frozen_reason TEXT,
    halted_reason TEXT
) STRICT;
INSERT INTO heads (id, epoch, revision, hash, recorded_at, horizon)
VALUES (1, 1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0, 0);

-- One row for each position that channels are to reach, and the position that
-- it follows. Written with the revision, so neither exists without the other.
CREATE TABLE outbox (
    sequence INTEGER NOT NULL PRIMARY KEY CHECK (sequence > 0),
    epoch INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    horizon INTEGER NOT NULL,
    hash TEXT NOT NULL,
    after_epoch INTEGER NOT NULL,
    after_revision INTEGER NOT NULL,
    after_horizon INTEGER NOT NULL,
    after_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    published_at INTEGER,
    fence INTEGER
) STRICT;
CREATE UNIQUE INDEX outbox_position ON outbox (epoch, revision, horizon);
CREATE INDEX outbox_pending ON outbox (epoch, sequence) WHERE published_at IS NULL;

-- Nothing changes or deletes a recorded version: a current one may be closed,
-- once. The conditions are on the trigger, so that closing many rows calls no
-- function, and inserting rows fires nothing.
CREATE TRIGGER documents_no_change BEFORE UPDATE ON documents FOR EACH ROW WHEN
    OLD.until_revision IS NOT NULL
    OR NEW.until_revision IS NULL
    OR NEW.kind IS NOT OLD.kind
    OR NEW.id IS NOT OLD.id
    OR NEW.body IS NOT OLD.body
    OR NEW.since_revision IS NOT OLD.since_revision
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: UPDATE of documents refused');
END;
CREATE TRIGGER prices_no_change BEFORE UPDATE ON prices FOR EACH ROW WHEN
    OLD.until_revision IS NOT NULL
    OR NEW.until_revision IS NULL
    OR NEW.sku IS NOT OLD.sku
    OR NEW.market IS NOT OLD.market
    OR NEW.zone IS NOT OLD.zone
    OR NEW.audience IS NOT OLD.audience
    OR NEW.kind IS NOT OLD.kind
    OR NEW.minimum_quantity IS NOT OLD.minimum_quantity
    OR NEW.valid_from IS NOT OLD.valid_from
    OR NEW.valid_until IS NOT OLD.valid_until
    OR NEW.amount_minor IS NOT OLD.amount_minor
    OR NEW.since_revision IS NOT OLD.since_revision
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: UPDATE of prices refused');
END;
CREATE TRIGGER revisions_no_change BEFORE UPDATE ON revisions FOR EACH ROW BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: UPDATE of revisions refused');
END;
CREATE TRIGGER epochs_no_change BEFORE UPDATE ON epochs FOR EACH ROW BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: UPDATE of epochs refused');
END;
CREATE TRIGGER documents_no_delete BEFORE DELETE ON documents FOR EACH ROW BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: DELETE of documents refused');
END;
CREATE TRIGGER prices_no_delete BEFORE DELETE ON prices FOR EACH ROW BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: DELETE of prices refused');
END;
CREATE TRIGGER revisions_no_delete BEFORE DELETE ON revisions FOR EACH ROW BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: DELETE of revisions refused');
END;
CREATE TRIGGER epochs_no_delete BEFORE DELETE ON epochs FOR EACH ROW BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: DELETE of epochs refused');
END;
