-- The log. Every statement about one instance begins with its id: instances never mix.
CREATE TABLE events (
    instance_id    text        NOT NULL,
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    sequence       bigint      NOT NULL,
    position       bigint      NOT NULL,
    event_type     text        NOT NULL,
    revision       smallint    NOT NULL,
    owner          text        NOT NULL,
    creator        text        NOT NULL,
    created_at     timestamptz NOT NULL,
    payload        jsonb       NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (instance_id, aggregate_type, aggregate_id, sequence),
    CONSTRAINT events_position UNIQUE (instance_id, position)
);

-- The last position of an instance. Its row lock puts the writers of all processes in order.
-- Half-empty pages let an update stay on its page, without touching the index.
CREATE TABLE heads (
    instance_id text   NOT NULL CONSTRAINT heads_pkey PRIMARY KEY,
    position    bigint NOT NULL
) WITH (fillfactor = 50);

-- Names that must be unique, and the aggregate that holds each.
CREATE TABLE claims (
    instance_id text NOT NULL,
    kind        text NOT NULL,
    value       text NOT NULL,
    holder      text NOT NULL,
    CONSTRAINT claims_pkey PRIMARY KEY (instance_id, kind, value)
);

-- The state of an aggregate after an event; may be deleted at any time.
CREATE TABLE snapshots (
    instance_id    text   NOT NULL,
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    sequence       bigint NOT NULL,
    shape          text   NOT NULL,
    state          bytea  NOT NULL,
    CONSTRAINT snapshots_pkey PRIMARY KEY (instance_id, aggregate_type, aggregate_id)
);
