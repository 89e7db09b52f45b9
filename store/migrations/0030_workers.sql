-- Up to which event a worker has done its work; several processes may share one worker's.
CREATE TABLE workers (
    name        text   NOT NULL,
    instance_id text   NOT NULL,
    position    bigint NOT NULL,
    CONSTRAINT workers_pkey PRIMARY KEY (name, instance_id)
);
