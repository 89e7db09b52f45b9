-- Messages to people that wait to be sent, by the event that they tell of.
-- Whoever moves due_at from what was read has taken the message upon itself until then.
CREATE TABLE outbox (
    instance_id text        NOT NULL,
    position    bigint      NOT NULL,
    tries       integer     NOT NULL DEFAULT 0,
    due_at      timestamptz NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (instance_id, position)
);
CREATE INDEX outbox_due_idx ON outbox (due_at);
