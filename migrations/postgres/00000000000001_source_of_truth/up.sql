-- Versioned rows are the log: a row is current while until_revision is null.
CREATE TABLE documents (
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    body TEXT NOT NULL,
    since_revision BIGINT NOT NULL CHECK (since_revision > 0),
    until_revision BIGINT CHECK (until_revision > since_revision)
);
-- Narrow indexes only: every one of them is paid for by each imported row.
CREATE UNIQUE INDEX documents_current ON documents (kind, id) WHERE until_revision IS NULL;
CREATE UNIQUE INDEX documents_closed ON documents (kind, id, until_revision) WHERE until_revision IS NOT NULL;
CREATE INDEX documents_since ON documents (since_revision);
CREATE INDEX documents_until ON documents (until_revision) WHERE until_revision IS NOT NULL;

-- The zone of a price for the whole market is ''. The minimum quantity of a
-- price is in millionths of the sale unit, 0 for any. Instants are microseconds.
CREATE TABLE prices (
    sku TEXT COLLATE "C" NOT NULL,
    market TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    audience TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    minimum_quantity BIGINT NOT NULL CHECK (minimum_quantity >= 0),
    valid_from BIGINT NOT NULL,
    valid_until BIGINT CHECK (valid_until > valid_from),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    since_revision BIGINT NOT NULL CHECK (since_revision > 0),
    until_revision BIGINT CHECK (until_revision > since_revision)
);
CREATE UNIQUE INDEX prices_current ON prices (sku, market, zone, audience, kind, minimum_quantity, valid_from) WHERE until_revision IS NULL;
CREATE UNIQUE INDEX prices_closed ON prices (sku, market, zone, audience, kind, minimum_quantity, valid_from, until_revision) WHERE until_revision IS NOT NULL;
CREATE INDEX prices_since ON prices (since_revision);
CREATE INDEX prices_until ON prices (until_revision) WHERE until_revision IS NOT NULL;

CREATE TABLE revisions (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
    epoch BIGINT NOT NULL CHECK (epoch > 0),
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    previous_hash TEXT NOT NULL,
    content_root TEXT NOT NULL,
    row_count BIGINT NOT NULL CHECK (row_count >= 0),
    hash TEXT NOT NULL
);

CREATE TABLE epochs (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
    opened_at BIGINT NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL
);
INSERT INTO epochs (number, opened_at, author, reason) VALUES (1, 0, 'offercast', 'a new database');

-- A single row; writers lock it. The next number comes from here.
CREATE TABLE heads (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL,
    revision BIGINT NOT NULL CHECK (revision >= 0),
    hash TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    horizon BIGINT NOT NULL,
    frozen_reason TEXT,
    halted_reason TEXT
);
INSERT INTO heads (id, epoch, revision, hash, recorded_at, horizon)
VALUES (1, 1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0, 0);

-- One row for each position that channels are to reach, and the position that
-- it follows. Written with the revision, so neither exists without the other.
CREATE TABLE outbox (
    sequence BIGINT NOT NULL PRIMARY KEY CHECK (sequence > 0),
    epoch BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    horizon BIGINT NOT NULL,
    hash TEXT NOT NULL,
    after_epoch BIGINT NOT NULL,
    after_revision BIGINT NOT NULL,
    after_horizon BIGINT NOT NULL,
    after_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    published_at BIGINT,
    fence BIGINT
);
CREATE UNIQUE INDEX outbox_position ON outbox (epoch, revision, horizon);
CREATE INDEX outbox_pending ON outbox (epoch, sequence) WHERE published_at IS NULL;

-- Nothing changes or deletes a recorded version: a current one may be closed,
-- once. The conditions are on the trigger, so that closing many rows calls no
-- function, and inserting rows fires nothing.
CREATE FUNCTION offercast_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % of % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER documents_no_change BEFORE UPDATE ON documents FOR EACH ROW WHEN (
    OLD.until_revision IS NOT NULL
    OR NEW.until_revision IS NULL
    OR NEW.kind IS DISTINCT FROM OLD.kind
    OR NEW.id IS DISTINCT FROM OLD.id
    OR NEW.body IS DISTINCT FROM OLD.body
    OR NEW.since_revision IS DISTINCT FROM OLD.since_revision
) EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER prices_no_change BEFORE UPDATE ON prices FOR EACH ROW WHEN (
    OLD.until_revision IS NOT NULL
    OR NEW.until_revision IS NULL
    OR NEW.sku IS DISTINCT FROM OLD.sku
    OR NEW.market IS DISTINCT FROM OLD.market
    OR NEW.zone IS DISTINCT FROM OLD.zone
    OR NEW.audience IS DISTINCT FROM OLD.audience
    OR NEW.kind IS DISTINCT FROM OLD.kind
    OR NEW.minimum_quantity IS DISTINCT FROM OLD.minimum_quantity
    OR NEW.valid_from IS DISTINCT FROM OLD.valid_from
    OR NEW.valid_until IS DISTINCT FROM OLD.valid_until
    OR NEW.amount_minor IS DISTINCT FROM OLD.amount_minor
    OR NEW.since_revision IS DISTINCT FROM OLD.since_revision
) EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER revisions_no_change BEFORE UPDATE ON revisions FOR EACH ROW EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER epochs_no_change BEFORE UPDATE ON epochs FOR EACH ROW EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER documents_no_delete BEFORE DELETE ON documents FOR EACH ROW EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER documents_no_truncate BEFORE TRUNCATE ON documents FOR EACH STATEMENT EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER prices_no_delete BEFORE DELETE ON prices FOR EACH ROW EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER prices_no_truncate BEFORE TRUNCATE ON prices FOR EACH STATEMENT EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER revisions_no_delete BEFORE DELETE ON revisions FOR EACH ROW EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER revisions_no_truncate BEFORE TRUNCATE ON revisions FOR EACH STATEMENT EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER epochs_no_delete BEFORE DELETE ON epochs FOR EACH ROW EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER epochs_no_truncate BEFORE TRUNCATE ON epochs FOR EACH STATEMENT EXECUTE FUNCTION offercast_refuse_change();
