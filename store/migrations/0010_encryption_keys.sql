-- Data keys, each sealed by the master key (store/crypto.py). A key seals from active_from on, and
-- opens for ever: every process has read it before any process uses it.
create table encryption_keys (
    id          integer     primary key,
    sealed      bytea       not null,
    active_from timestamptz not null default now()
);
