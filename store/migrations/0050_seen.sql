-- Ids of assertions and proofs that count once among all processes, until they expire.
-- Unlogged: what a crash of the database forgets is older than the crash by seconds, and an
-- insert waits for no disk.
CREATE UNLOGGED TABLE seen (
    name     bytea       NOT NULL,
    until_at timestamptz NOT NULL,
    CONSTRAINT seen_pkey PRIMARY KEY (name)
);
CREATE INDEX seen_until_idx ON seen (until_at);
