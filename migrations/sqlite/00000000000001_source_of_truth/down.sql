DROP TABLE outbox;
DROP TABLE heads;
DROP TABLE epochs;
DROP TABLE revisions;
DROP TABLE prices;
DROP TABLE documents;
