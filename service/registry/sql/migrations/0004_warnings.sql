-- What is probably wrong with the data of a report, and how new it was: for the history, announcements and metrics.
alter table store_uptime.report
    add column data_now      timestamptz,                      -- its newest poll; null: now was given, or nobody said
    add column warnings      text[] not null default '{}',     -- sentences; none where reports are encrypted
    add column warning_codes text[] not null default '{}';     -- of which kinds they are

create or replace view store_uptime.standing as
select id, status, options, requested_by, requested_at, started_at, finished_at, step, error, stores,
       schedule, due_at, is_late, passed_over, tries, not_before,
       extract(epoch from now() - coalesce(started_at, requested_at))::float8 as seconds,
       data_now, warnings, warning_codes
from store_uptime.report;
