-- The plan of an audit (part '') and the result of each channel.
CREATE TABLE audits (
    id TEXT COLLATE "C" NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    body TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, part)
);
