-- The plan of an audit (part '') and the result of each channel.
CREATE TABLE audits (
    id TEXT NOT NULL,
    part TEXT NOT NULL,
    body TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, part)
) STRICT;
