-- Ids of assertions and proofs that count once among all processes, until they expire.
-- Kept like events: an assertion may be good for an hour, and a crash of the database must not
-- make it good again.
CREATE TABLE seen (
    name     bytea       NOT NULL,
    until_at timestamptz NOT NULL,
    CONSTRAINT seen_pkey PRIMARY KEY (name)
);
CREATE INDEX seen_until_idx ON seen (until_at);
