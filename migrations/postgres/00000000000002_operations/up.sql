CREATE TABLE leases (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    fence BIGINT NOT NULL CHECK (fence > 0),
    expires_at BIGINT NOT NULL
);

CREATE TABLE change_sets (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('draft', 'published', 'discarded')),
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    changes TEXT NOT NULL,
    base_revision BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision BIGINT
);
CREATE INDEX change_sets_by_time ON change_sets (created_at);
CREATE INDEX change_sets_by_state ON change_sets (state, created_at);

-- started_at of a request in flight is also the token of who answers it.
CREATE TABLE idempotency (
    actor TEXT COLLATE "C" NOT NULL,
    request_key TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('in_flight', 'done')),
    status BIGINT,
    body TEXT,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (actor, request_key)
);
CREATE INDEX idempotency_by_time ON idempotency (started_at);

CREATE TABLE acknowledgements (
    channel TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL CHECK (number > 0),
    epoch BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    horizon BIGINT NOT NULL,
    rung TEXT NOT NULL,
    shown TEXT NOT NULL,
    state TEXT NOT NULL,
    items BIGINT NOT NULL,
    held BIGINT NOT NULL,
    mismatches BIGINT NOT NULL,
    clock BIGINT NOT NULL,
    last_boundary BIGINT,
    stopped BOOLEAN NOT NULL,
    received_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (channel, number)
);
CREATE INDEX acknowledgements_by_time ON acknowledgements (channel, received_at, number);

CREATE TABLE channel_states (
    channel TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    body TEXT NOT NULL
);

CREATE TRIGGER acknowledgements_no_change BEFORE UPDATE ON acknowledgements FOR EACH ROW EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER acknowledgements_no_delete BEFORE DELETE ON acknowledgements FOR EACH ROW EXECUTE FUNCTION offercast_refuse_change();
CREATE TRIGGER acknowledgements_no_truncate BEFORE TRUNCATE ON acknowledgements FOR EACH STATEMENT EXECUTE FUNCTION offercast_refuse_change();
