-- What a key may do and until when; when removed reports, idempotency keys and failed sign-ins came to be, so that they
-- have an end. All of it is added: a server of the version before goes on beside this one, and takes any key for admin.
alter table store_uptime.api_key
    add column role         text not null default 'admin' check (role in ('read', 'trigger', 'admin')),
    add column expires_at   timestamptz,                -- null: it has no end
    add column last_used_at timestamptz;                -- to the minute

alter table store_uptime.report add column removed_at timestamptz;
do $$
begin
    if exists (select from store_uptime.report where status = 'removed') then  -- else it is no transaction of note
        update store_uptime.report set removed_at = now() where status = 'removed';
    end if;
end
$$;
create index report_removed on store_uptime.report (removed_at) where status = 'removed';

-- By a trigger, since a server of the version before does not say when.
create function store_uptime.note_removal() returns trigger language plpgsql as $$
begin
    new.removed_at := now();
    return new;
end
$$;
create trigger note_removal before update on store_uptime.report
    for each row
    when (new.status = 'removed' and old.status <> 'removed')
    execute function store_uptime.note_removal();

alter table store_uptime.idempotency add column made_at timestamptz not null default now();
create index idempotency_made on store_uptime.idempotency (made_at);

-- How often a sign-in has failed of late is counted before another failure is noted.
create index audit_failed on store_uptime.audit (at) where action = 'sign-in failed';
