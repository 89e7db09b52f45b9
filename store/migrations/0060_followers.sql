-- Processes that follow the log, until when each is known to live: whoever ended something waits until all of
-- them know of it. A row that is lost costs nothing: its process writes it anew within a second.
CREATE TABLE followers (
    id       text        NOT NULL,
    until_at timestamptz NOT NULL,
    CONSTRAINT followers_pkey PRIMARY KEY (id)
);
