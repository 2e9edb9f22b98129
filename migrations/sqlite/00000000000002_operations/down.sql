DROP TABLE channel_states;
DROP TABLE acknowledgements;
DROP TABLE idempotency;
DROP TABLE change_sets;
DROP TABLE leases;
