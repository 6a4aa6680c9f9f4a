-- The queue of reports and the runs that are made of it. A run belongs to whoever holds its token.

-- any_waiting: whether there is anything to claim; this look costs no transaction number
select true as found
from store_uptime.report
where status = 'queued' and (not_before is null or not_before <= store_uptime.clock())
limit 1;

-- claim: take the next report: of the client that was served the longest ago, its oldest
update store_uptime.report
set status = 'running',
    run = %(run)s,
    periods_run = %(run)s,                            -- leaves a report by periods to servers that know them
    runs = runs + 1,
    made_by = %(made_by)s,
    started_at = now(),
    lease_until = now() + %(lease)s,
    step = 'starting',
    error = null                                      -- of an earlier try
where id = (
    select id
    from store_uptime.report as queued
    where status = 'queued' and (not_before is null or not_before <= store_uptime.clock())
      and not (tries > 0 and exists (                 -- it is given up once somebody has seen that it is due again
          select from store_uptime.schedule where name = queued.schedule and next_due <= store_uptime.clock()
      ))
    order by (
                 select max(started_at)
                 from store_uptime.report as earlier
                 where earlier.client = queued.client
             ) nulls first,
             requested_at
    limit 1
    for update of queued skip locked
)
returning id, options, schedule, due_at, requested_at, deliver_to, format,
          extract(epoch from started_at - requested_at)::float8 as waited_s;

-- renew_leases: renew the leases of these runs; a row that is being written to is renewed the next time
update store_uptime.report
set lease_until = now() + %(lease)s
where id in (
    select id from store_uptime.report where run = any(%(runs)s) and status = 'running' for update skip locked
);

-- owned_runs: those of our runs that nobody has cancelled or taken over; one that has just ended by itself is ours
select run from store_uptime.report where run = any(%(runs)s);

-- requeue_stalled: queue the runs again whose server has fallen silent, and give one up after the third time; of one on
-- schedule that counts as a try that has failed
with stalled as (
    select id, run, runs - tries < 3 as at_once, schedule is not null and tries < 4 as later
    from store_uptime.report
    where status = 'running' and lease_until < now()
    for update skip locked
)
update store_uptime.report as report
set status = case when at_once or later then 'queued' else 'error' end,
    not_before = case when later and not at_once
                      then store_uptime.clock() + 4 ^ tries * interval '1 minute' end,
    finished_at = case when at_once or later then null else now() end,
    tries = tries + case when at_once then 0 else 1 end,
    error = case when at_once then null else 'It was begun three times, and each time the server that ran it died. '
                 'Trigger it again; if that repeats, look into the server''s log.' end,
    run = null,
    lease_until = null,
    step = null
from stalled
where report.id = stalled.id
returning stalled.run, report.status;

-- release: queue runs again that this server cannot finish; they do not count
update store_uptime.report
set status = 'queued', run = null, runs = runs - 1, lease_until = null, step = null, started_at = null
where run = any(%(runs)s) and status = 'running';

-- record_progress: what a run is doing, and what it saw of the source
update store_uptime.report
set step = %(step)s, data_version = %(data_version)s
where id = %(id)s and run = %(run)s and status = 'running';

-- complete_run: the whole result, and the file that goes out; written by the holder of the run only
with complete as (
    update store_uptime.report
    set status = 'complete',
        finished_at = now(),
        lease_until = null,
        step = null,
        stores = %(stores)s,
        polls_ahead = %(polls_ahead)s,
        data_now = %(data_now)s,
        warnings = %(warnings)s,
        warning_codes = %(warning_codes)s,
        figures = %(figures)s,
        plan = %(plan)s,
        rejects = %(rejects)s,
        lanes = %(lanes)s,
        attributes = %(attributes)s,
        outages = %(outages)s,
        profile = %(profile)s,
        summary = %(summary)s,
        overview = %(overview)s
    where id = %(id)s and run = %(run)s and status in ('running', 'complete')  -- again, if the answer was lost
    returning id
), goes_out as (
    insert into store_uptime.delivery (report_id, kind, target, name, content)
    select id, 'file', target, %(file_name)s, %(file)s
    from complete, unnest(%(deliver_to)s::text[]) as target
    on conflict do nothing
)
select id from complete;

-- fail_run: why there is no result; written by the holder of the run only. The error that its worker wrote before it
-- ended comes first. One on schedule is tried again after 1, 4, 16 and 64 minutes, if the error may pass
with failed as (
    select id, schedule is not null and tries < 4 and %(may_pass)s as again
    from store_uptime.report
    where id = %(id)s and run = %(run)s and status in ('running', 'error')
    for update
)
update store_uptime.report as report
set status = case when again then 'queued' else 'error' end,
    not_before = case when again then store_uptime.clock() + 4 ^ tries * interval '1 minute' end,
    finished_at = case when again then null else now() end,
    run = case when again then null else run end,
    tries = tries + 1,
    lease_until = null,
    step = null,
    error = coalesce(error, %(error)s)
from failed
where report.id = failed.id
returning report.error;
