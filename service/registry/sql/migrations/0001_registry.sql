-- What the service keeps. `schema store_uptime` is made by the code that runs this, under a lock.

create table store_uptime.report (
    id           text        primary key check (id ~ '^[0-9a-f]{32}$'),
    status       text        not null default 'queued'
                 check (status in ('queued', 'running', 'complete', 'error', 'removed')),
    options      jsonb       not null,                -- now, store_id, max_gap, lookback, columns: as they were asked
    client       text        not null,                -- whose turn it is: the name of a key, else an address
    requested_by text,                                -- the name of the key, where one was shown
    requested_at timestamptz not null default now(),

    run          text,                                -- the token of the run at hand: only its holder may write
    runs         integer     not null default 0,      -- how often it was begun
    lease_until  timestamptz,                         -- when its server, if silent until then, is taken for dead
    step         text,                                -- what is being done, in a few words
    started_at   timestamptz,
    finished_at  timestamptz,

    made_by      text,                                -- the version of the program and of the zones that runs it
    data_version text,                                -- what the run saw of the source; null: cannot be told
    error        text,                                -- a sentence for people
    stores       integer,
    about        json,                                -- provenance and quality, in their order
    polls_ahead  integer,                             -- polls rejected because the clock has not come to them yet
    figures      bytea,                               -- Parquet, as are the next two
    plan         bytea,
    rejects      bytea,

    check ((status = 'complete') = (figures is not null)),
    check ((status = 'error') <= (error is not null)),
    check ((status = 'running') <= (run is not null and lease_until is not null))
);
alter table store_uptime.report                       -- compressed already
    alter figures set storage external,
    alter plan    set storage external,
    alter rejects set storage external;
create index report_waiting on store_uptime.report (requested_at) where status = 'queued';
create index report_running on store_uptime.report (lease_until) where status = 'running';
create index report_run on store_uptime.report (run);
create index report_history on store_uptime.report (requested_at desc, id desc) where status <> 'removed';
create index report_turn on store_uptime.report (client, started_at desc);
create index report_options on store_uptime.report using hash (options);

-- Which report an Idempotency-Key has led to, and what was asked with it.
create table store_uptime.idempotency (
    scope     text  not null,                         -- the name of the API key, or nothing
    key       text  not null,
    options   jsonb not null,
    report_id text  not null references store_uptime.report on delete cascade,
    primary key (scope, key)
);
create index idempotency_report on store_uptime.idempotency (report_id);

create table store_uptime.api_key (
    name       text        primary key,
    id         text        not null unique,           -- the part of the key that may be seen
    hash       bytea       not null,                  -- SHA-256 of the secret part, which is 256 random bits
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);

create table store_uptime.session (
    hash       bytea       primary key,               -- SHA-256 of the cookie
    key_name   text        not null references store_uptime.api_key,
    csrf_token text        not null,
    expires_at timestamptz not null
);

-- Our own writes, so that what somebody else wrote can be told from them: see store_uptime.same_data.
create table store_uptime.own_transaction (
    xid xid8 primary key
);

create function store_uptime.note_transaction() returns trigger language plpgsql as $$
begin
    if pg_current_xact_id_if_assigned() is not null then
        insert into store_uptime.own_transaction values (pg_current_xact_id()) on conflict do nothing;
    end if;
    return null;
end
$$;
create trigger note after insert or update or delete on store_uptime.report
    for each statement execute function store_uptime.note_transaction();
create trigger note after insert or update or delete on store_uptime.idempotency
    for each statement execute function store_uptime.note_transaction();
create trigger note after insert or update or delete on store_uptime.api_key
    for each statement execute function store_uptime.note_transaction();
create trigger note after insert or update or delete on store_uptime.session
    for each statement execute function store_uptime.note_transaction();
create trigger note after delete on store_uptime.own_transaction
    for each statement execute function store_uptime.note_transaction();

-- Whether a source holds the same at two moments. A version is `server/database/tables snapshot`, where a server is told
-- by when it started. Equal snapshots see the same rows. Two of this very server do too if every transaction that ended
-- in between is one of ours. Nobody but the service writes to the tables above; docs/architecture.md says why that is
-- exact.
create function store_uptime.same_data(earlier text, later text) returns boolean language plpgsql stable strict as $$
declare
    place  text        := split_part(earlier, ' ', 1);
    before pg_snapshot := split_part(earlier, ' ', 2);
    after  pg_snapshot := split_part(later, ' ', 2);
    first  bigint      := pg_snapshot_xmin(before)::text::bigint;
    beyond bigint      := pg_snapshot_xmax(after)::text::bigint;
begin
    if earlier = later then
        return true;
    end if;
    if place is distinct from split_part(later, ' ', 1)
       or split_part(place, '/', 1)::bigint <> (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint
       or beyond - first > 100000 then
        return false;
    end if;
    return not exists (
        select from generate_series(first, beyond - 1) as number
        where not pg_visible_in_snapshot(number::text::xid8, before)
          and pg_visible_in_snapshot(number::text::xid8, after)
          and not exists (select from store_uptime.own_transaction as own where own.xid = number::text::xid8)
    );
end
$$;
