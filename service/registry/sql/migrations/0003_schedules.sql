-- Reports on schedule, what is delivered of them, and who asked for what.

-- What schedules and deliveries go by: one clock for all servers.
create function store_uptime.clock() returns timestamptz language sql stable as 'select now()';

create table store_uptime.schedule (
    name           text        primary key,
    cron           text        not null,              -- five fields
    zone           text        not null,              -- whose clock they are read on
    options        jsonb       not null,              -- as a report's; now is null
    retention      interval,                          -- how long its reports are kept; null: as the server says
    deliver_to     text[]      not null default '{}', -- the names of destinations: folders or buckets
    format         text        not null default 'csv',
    webhook        text,                              -- where it is announced
    webhook_secret text,
    made_by        text,                              -- the name of a key
    made_at        timestamptz not null default now(),
    next_due       timestamptz not null check (isfinite(next_due)),

    check ((webhook is null) = (webhook_secret is null))
);
create index schedule_due on store_uptime.schedule (next_due);

alter table store_uptime.report
    drop column about,                                -- the figures hold it, in their metadata
    add column schedule    text,                      -- its name; the schedule itself may be gone
    add column due_at      timestamptz,               -- null: somebody asked for it at once
    add column is_late     boolean     not null default false,  -- no server was there at the due time
    add column passed_over integer     not null default 0,      -- due times before this one that nobody was there for
    add column tries       integer     not null default 0,      -- how often a run of it has failed
    add column not_before  timestamptz,               -- when it may be tried again
    add column retention   interval,                  -- this and the next as the schedule had them when it was due
    add column deliver_to  text[]      not null default '{}',
    add column format      text        not null default 'csv',
    add column webhook     text,
    add column webhook_secret text,
    add constraint report_due_once unique (schedule, due_at);

-- Where a report stands: all of it but what is large.
create view store_uptime.standing as
select id, status, options, requested_by, requested_at, started_at, finished_at, step, error, stores,
       schedule, due_at, is_late, passed_over, tries, not_before,
       extract(epoch from now() - coalesce(started_at, requested_at))::float8 as seconds
from store_uptime.report;

-- What goes out: a file to a folder or a bucket, or an announcement to a webhook.
create table store_uptime.delivery (
    id          bigint      primary key generated always as identity,
    report_id   text        not null references store_uptime.report on delete cascade,
    kind        text        not null check (kind in ('file', 'webhook')),
    target      text        not null,                 -- the name of a destination, or the webhook's address
    name        text        not null default '',      -- of the file
    content     bytea,                                -- the file, until it is delivered or given up
    secret      text,                                 -- what an announcement is signed with
    status      text        not null default 'waiting' check (status in ('waiting', 'delivered', 'failed')),
    tries       integer     not null default 0,
    next_try_at timestamptz not null default store_uptime.clock(),
    lease_until timestamptz,
    error       text,                                 -- why the last try failed
    asked_at    timestamptz not null default now(),
    done_at     timestamptz,

    unique (report_id, kind, target, name)
);
alter table store_uptime.delivery alter content set storage external;
create index delivery_waiting on store_uptime.delivery (next_try_at) where status = 'waiting';

-- What can go out now. An announcement waits until each file of its report was tried once, but no longer than a minute.
create view store_uptime.going_out as
select *
from store_uptime.delivery
where status = 'waiting'
  and next_try_at <= store_uptime.clock()
  and (lease_until is null or lease_until < now())
  and (kind = 'file' or not exists (
      select
      from store_uptime.delivery as file
      where file.report_id = delivery.report_id
        and file.kind = 'file' and file.status = 'waiting' and file.error is null
        and file.asked_at > now() - interval '1 minute'
  ));

-- However a report of a schedule ends, its end is announced.
create function store_uptime.announce() returns trigger language plpgsql as $$
begin
    insert into store_uptime.delivery (report_id, kind, target, secret)
    values (new.id, 'webhook', new.webhook, new.webhook_secret)
    on conflict do nothing;
    return null;
end
$$;
create trigger announce after update on store_uptime.report
    for each row
    when (old.status in ('queued', 'running') and new.status in ('complete', 'error') and new.webhook is not null)
    execute function store_uptime.announce();

create table store_uptime.audit (
    id      bigint      primary key generated always as identity,
    at      timestamptz not null default now(),
    who     text,                                     -- the name of a key; null: nobody was asked for one
    client  text        not null,                     -- the address that it came from
    action  text        not null,                     -- triggered, read, deleted, …
    subject text        not null,                     -- the id of a report, or the name of a schedule or a key
    detail  text        not null default ''
);
create index audit_at on store_uptime.audit (at);

create trigger note after insert or update or delete on store_uptime.schedule
    for each statement execute function store_uptime.note_transaction();
create trigger note after insert or update or delete on store_uptime.delivery
    for each statement execute function store_uptime.note_transaction();
create trigger note after insert or update or delete on store_uptime.audit
    for each statement execute function store_uptime.note_transaction();
