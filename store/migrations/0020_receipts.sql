-- Orders that were carried out, by the key that their caller gave: written with their events, so
-- that an order sent again is known by it. ``sealed`` holds what is needed to answer once more.
CREATE TABLE receipts (
    instance_id text        NOT NULL,
    caller      text        NOT NULL,
    key         text        NOT NULL,
    step        int         NOT NULL,
    sealed      bytea       NOT NULL,
    at          timestamptz NOT NULL,
    CONSTRAINT receipts_pkey PRIMARY KEY (instance_id, caller, key, step)
);
CREATE INDEX receipts_at ON receipts (at);
