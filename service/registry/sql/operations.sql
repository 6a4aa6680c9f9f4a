-- The state of the registry itself, how it is doing, and what is too old to keep.

-- registry_state: the newest of its migrations, and whether nothing can be written
select coalesce(max(number), 0) as newest, current_setting('transaction_read_only')::boolean as is_read_only
from store_uptime.migration;

-- registry_clock: the time that schedules and deliveries go by
select store_uptime.clock() as clock;

-- bound_transaction: have the server end this transaction where nothing is heard of it, and what it has locked is free
select set_config('idle_in_transaction_session_timeout', %(idle)s, true) as idle;

-- count_by_state: how many reports wait, and how many run
select status, count(*) as count from store_uptime.report where status in ('queued', 'running') group by status;

-- lateness: in seconds, how long the report has waited that waits the longest; how many due times have passed that no
-- report has been finished for, and how long ago the oldest was; how long ago the oldest lease of a run was renewed
with due as (
    select next_due as at from store_uptime.schedule where next_due <= store_uptime.clock()
    union all
    select due_at from store_uptime.report where status in ('queued', 'running') and due_at is not null
)
select coalesce(
           (select extract(epoch from now() - min(greatest(requested_at, not_before)))
            from store_uptime.report
            where status = 'queued' and (not_before is null or not_before <= store_uptime.clock())), 0)::float8
           as oldest_waiting_s,
       (select count(*) from due) as late_due_times,
       coalesce((select extract(epoch from store_uptime.clock() - min(at)) from due), 0)::float8 as oldest_due_time_s,
       coalesce(
           (select extract(epoch from now() - min(lease_until) + %(lease)s)
            from store_uptime.report
            where status = 'running'), 0)::float8
           as oldest_lease_s;

-- newest_data: how new the data of the newest report was that looked for it, and what was wrong with it
select data_now, warning_codes
from store_uptime.report
where status = 'complete' and data_now is not null and options ->> 'store_id' is null
order by requested_at desc, id desc
limit 1;

-- expire_reports: remove the reports beyond the age or the number that is kept, once nothing of them waits to go out
with beyond as (
    select id
    from store_uptime.report
    where status in ('complete', 'error') and retention is null
    order by requested_at desc, id desc
    offset %(keep_reports)s
), removed as (
    update store_uptime.report
    set status = 'removed', figures = null, plan = null, rejects = null, lanes = null, attributes = null, outages = null,
        profile = null, summary = null, overview = null, error = null, options = '{}', client = '', requested_by = null,
        webhook = null, webhook_secret = null, warnings = '{}'
    where status in ('complete', 'error')
      and (now() - finished_at > coalesce(retention, %(keep_for)s::interval) or id in (select id from beyond))
      and not exists (
          select from store_uptime.delivery where report_id = report.id and delivery.status = 'waiting'
      )
    returning id
), forgotten as (
    delete from store_uptime.idempotency where report_id in (select id from removed)
), dropped as (
    delete from store_uptime.delivery where report_id in (select id from removed)
)
select count(*) as count from removed;

-- prune_removed: delete the rows of reports that were removed longer ago than 410 is answered; a batch, and its size
with old as (
    delete from store_uptime.report
    where id in (
        select id
        from store_uptime.report
        where status = 'removed' and removed_at < now() - %(kept)s::interval
        limit %(batch)s
    )
    returning id
)
select count(*) as count from old;

-- prune_idempotency: delete keys that were used longer ago than they are remembered; a batch, and its size
with old as (
    delete from store_uptime.idempotency
    where (scope, key) in (
        select scope, key from store_uptime.idempotency where made_at < now() - %(kept)s::interval limit %(batch)s
    )
    returning key
)
select count(*) as count from old;

-- prune_audit: delete what was done longer ago than it is kept; a batch, and its size
with old as (
    delete from store_uptime.audit
    where id in (
        select id
        from store_uptime.audit
        where at < now() - least(%(kept)s::interval, interval '1000 years')  -- beyond there is no calendar
        order by at
        limit %(batch)s
    )
    returning id
)
select count(*) as count from old;

-- prune_sessions: delete sessions that have ended
delete from store_uptime.session where expires_at < now();

-- prune_transactions: delete our own transactions too old to be asked about
delete from store_uptime.own_transaction
where xid < (greatest(pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 100000, 3))::text::xid8;
