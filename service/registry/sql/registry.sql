-- The statements of the registry. Each begins with its name and what it does; docs/architecture.md, "The service".

-- bound_transaction: have the server end this transaction where nothing is heard of it, and what it has locked is free
select set_config('idle_in_transaction_session_timeout', %(idle)s, true);

-- registry_state: the newest of its migrations, and whether it takes anything
select coalesce(max(number), 0) as newest, current_setting('transaction_read_only')::boolean as is_read_only
from store_uptime.migration;

-- trigger_lock: let equal triggers come one after the other, so that they meet
select pg_advisory_xact_lock(hashtext('store_uptime trigger'));

-- remembered: the report that an idempotency key has led to
select report_id, options = %(options)s::jsonb as same_options
from store_uptime.idempotency
where scope = %(scope)s and key = %(key)s;

-- clock: what schedules and deliveries go by
select store_uptime.clock() as clock;

-- remember: keep what an idempotency key has led to
insert into store_uptime.idempotency (scope, key, options, report_id)
values (%(scope)s, %(key)s, %(options)s, %(report_id)s);

-- joinable: a report of the same options whose figures are those that a run of its own would give
select id
from store_uptime.report
where options = %(options)s::jsonb
  and schedule is null                                -- one on schedule has a now of its own
  and (
      status = 'queued'                               -- it will see what is there when it begins
      or status in ('running', 'complete')
         and made_by = %(made_by)s                    -- another version may have other rules, or other zones
         and (
             options ->> 'now' is not null            -- else the clock decides which polls are ahead of it
             or polls_ahead = 0 and options ->> 'store_id' is null  -- of one store: those of others are not counted
         )
         and (                                        -- what was fresh then may be old by now
             data_now is null
             or ('old-data' = any(warning_codes)) = (now() - data_now > %(old_after)s)
         )
         and store_uptime.same_data(data_version, %(data_version)s)
  )
order by requested_at
limit 1;

-- waiting: how many reports wait for their turn, those on schedule aside
select count(*) from store_uptime.report where status = 'queued' and schedule is null;

-- queue: a report that waits for its turn
insert into store_uptime.report (id, options, client, requested_by)
values (%(id)s, %(options)s, %(client)s, %(requested_by)s);

-- any_waiting: whether there is anything to claim; a look costs no transaction number
select 1 as yes
from store_uptime.report
where status = 'queued' and (not_before is null or not_before <= store_uptime.clock())
limit 1;

-- claim: take the next report: of the client that was served the longest ago, its oldest
update store_uptime.report
set status = 'running',
    run = %(run)s,
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
      and not (tries > 0 and exists (                 -- it is given up as soon as somebody has seen that it is due again
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
          extract(epoch from started_at - requested_at)::float8 as waited;

-- renew: say that these runs are alive; of a row that is being written to, the next time
update store_uptime.report
set lease_until = now() + %(lease)s
where id in (
    select id from store_uptime.report where run = any(%(runs)s) and status = 'running' for update skip locked
);

-- still_ours: those of our runs that nobody has cancelled or taken over; one that has just ended by itself is ours
select run from store_uptime.report where run = any(%(runs)s);

-- lost: the runs whose server has fallen silent: queued again, and given up after the third; of one on schedule that
-- is a try that has failed
with lost as (
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
from lost
where report.id = lost.id
returning lost.run, report.status;

-- hand_back: queue runs again that this server cannot finish; they do not count
update store_uptime.report
set status = 'queued', run = null, runs = runs - 1, lease_until = null, step = null, started_at = null
where run = any(%(runs)s) and status = 'running';

-- progress: what a run is doing
update store_uptime.report
set step = %(step)s, data_version = %(data_version)s
where id = %(id)s and run = %(run)s and status = 'running';

-- complete: the whole result, and the file that goes out, by the holder of the run only
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
        lanes = %(lanes)s
    where id = %(id)s and run = %(run)s and status in ('running', 'complete')  -- again, if the answer was lost
    returning id
), goes_out as (
    insert into store_uptime.delivery (report_id, kind, target, name, content)
    select id, 'file', target, %(file_name)s, %(file)s
    from complete, unnest(%(deliver_to)s::text[]) as target
    on conflict do nothing
)
select id from complete;

-- fail: why there is no result, by the holder of the run only; what its worker has said before it ended comes first.
-- One on schedule is tried again after 1, 4, 16 and 64 minutes
with failed as (
    select id, schedule is not null and tries < 4 as again
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

-- cancel: end a report that has not finished; whoever is no admin, only one that was asked for with the same key
with cancelled as (
    update store_uptime.report
    set status = 'error', finished_at = now(), run = null, lease_until = null, step = null, error = 'It was cancelled.'
    where id = %(id)s and status in ('queued', 'running') and (%(is_admin)s or requested_by = %(who)s)
    returning id
), noted as (
    insert into store_uptime.audit (who, client, action, subject)
    select %(who)s, %(client)s, 'cancelled', id from cancelled
)
select id from cancelled;

-- remove: let go of what a finished report holds; the id stays, to be answered with "gone"
with removed as (
    update store_uptime.report
    set status = 'removed', figures = null, plan = null, rejects = null, lanes = null, error = null, options = '{}',
        client = '', requested_by = null, webhook = null, webhook_secret = null, warnings = '{}'
    where id = %(id)s and status in ('complete', 'error')
    returning id
), forgotten as (
    delete from store_uptime.idempotency where report_id in (select id from removed)
), dropped as (
    delete from store_uptime.delivery where report_id in (select id from removed)
), noted as (
    insert into store_uptime.audit (who, client, action, subject)
    select %(who)s, %(client)s, 'deleted', id from removed
)
select id from removed;

-- expire: the same for reports beyond the age or the number that is kept, once nothing of them waits to go out
with beyond as (
    select id
    from store_uptime.report
    where status in ('complete', 'error') and retention is null
    order by requested_at desc, id desc
    offset %(keep_reports)s
), removed as (
    update store_uptime.report
    set status = 'removed', figures = null, plan = null, rejects = null, lanes = null, error = null, options = '{}',
        client = '', requested_by = null, webhook = null, webhook_secret = null, warnings = '{}'
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
select count(*) from removed;

-- forget_removed: reports that were removed longer ago than that is told; a batch, and its size
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
select count(*) from old;

-- forget_idempotency: keys that were used longer ago than they are remembered; a batch, and its size
with old as (
    delete from store_uptime.idempotency
    where (scope, key) in (
        select scope, key from store_uptime.idempotency where made_at < now() - %(kept)s::interval limit %(batch)s
    )
    returning key
)
select count(*) from old;

-- tidy_sessions: sessions that have ended
delete from store_uptime.session where expires_at < now();

-- tidy_transactions: our own transactions too old to be asked about
delete from store_uptime.own_transaction
where xid < (greatest(pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 100000, 3))::text::xid8;

-- status: all of a report but what is large
select * from store_uptime.standing where id = %(id)s;

-- ahead: how many reports were asked for before this one and wait
select count(*)
from store_uptime.report
where status = 'queued' and requested_at < %(requested_at)s;

-- figures: what the files of a report are made from
select figures from store_uptime.report where id = %(id)s and status = 'complete';

-- explained: what a timeline of a report is made from, and what else the page shows of a store
select figures, plan, rejects from store_uptime.report where id = %(id)s and status = 'complete';

-- fleet: the figures of a report, and the lanes that the page draws
select figures, lanes from store_uptime.report where id = %(id)s and status = 'complete';

-- newest: the complete report that the page begins with: of all stores, as of the newest poll rather than a given now
select *
from store_uptime.standing
where status = 'complete' and options ->> 'store_id' is null
order by options ->> 'now' is null desc, requested_at desc, id desc
limit 1;

-- newest_data: how new the data of the newest report was that looked for it, and what was wrong with it
select data_now, warning_codes
from store_uptime.report
where status = 'complete' and data_now is not null and options ->> 'store_id' is null
order by requested_at desc, id desc
limit 1;

-- newest_figures: the newest complete report of all stores
select figures
from store_uptime.report
where status = 'complete' and options ->> 'store_id' is null
order by requested_at desc, id desc
limit 1;

-- before: the complete report with the same options that was made before this one, to compare it with; one of the
-- same schedule, or none of any
select earlier.id
from store_uptime.report as this
join store_uptime.report as earlier using (options)
where this.id = %(id)s
  and earlier.status = 'complete'
  and earlier.schedule is not distinct from this.schedule
  and (earlier.requested_at, earlier.id) < (this.requested_at, this.id)
order by earlier.requested_at desc, earlier.id desc
limit 1;

-- rejects: the rejected rows of a report
select figures, rejects from store_uptime.report where id = %(id)s and status = 'complete';

-- history: reports, the newest first, after a given one
select *
from store_uptime.standing
where status <> 'removed'
  and status = any(%(statuses)s)
  and (%(store_id)s::text is null or options ->> 'store_id' = %(store_id)s)
  and (%(after)s::text is null
       or (requested_at, id) < (select requested_at, id from store_uptime.report where id = %(after)s))
order by requested_at desc, id desc
limit %(limit)s;

-- fullness: how many reports there are in each state
select status, count(*) from store_uptime.report where status in ('queued', 'running') group by status;

-- lateness: how long the report has waited that waits the longest; how many due times have passed that no report has
-- been finished for, and how long ago the oldest was; how long ago the oldest lease of a run was renewed; all in seconds
with due as (
    select next_due as at from store_uptime.schedule where next_due <= store_uptime.clock()
    union all
    select due_at from store_uptime.report where status in ('queued', 'running') and due_at is not null
)
select coalesce(
           (select extract(epoch from now() - min(greatest(requested_at, not_before)))
            from store_uptime.report
            where status = 'queued' and (not_before is null or not_before <= store_uptime.clock())), 0)::float8
           as oldest_waiting,
       (select count(*) from due) as late_due_times,
       coalesce((select extract(epoch from store_uptime.clock() - min(at)) from due), 0)::float8 as oldest_due_time,
       coalesce(
           (select extract(epoch from now() - min(lease_until) + %(lease)s)
            from store_uptime.report
            where status = 'running'), 0)::float8
           as oldest_lease;

-- add_key: a new API key
with added as (
    insert into store_uptime.api_key (name, id, hash, role, expires_at)
    values (%(name)s, %(id)s, %(hash)s, %(role)s, %(expires_at)s)
    on conflict do nothing
    returning name
), noted as (
    insert into store_uptime.audit (who, client, action, subject, detail)
    select %(who)s, %(client)s, 'key added', name, %(role)s from added
)
select name from added;

-- list_keys: every key, the secret part apart
select name, id, role, created_at, expires_at, last_used_at, revoked_at, expires_at <= now() as has_ended
from store_uptime.api_key
order by created_at;

-- revoke_key: a key that opens nothing any more, nor do the sessions that it began
with revoked as (
    update store_uptime.api_key set revoked_at = now() where name = %(name)s and revoked_at is null returning name
), noted as (
    insert into store_uptime.audit (who, client, action, subject)
    select %(who)s, %(client)s, 'key revoked', name from revoked
)
select name from revoked;

-- keys_exist: whether there is any key; one that is revoked or has ended counts, or the last one would open the door
select exists (select from store_uptime.api_key);

-- key: the key with this visible part
select name, hash, role
from store_uptime.api_key
where id = %(id)s and revoked_at is null and (expires_at is null or expires_at > now());

-- use_key: when a key was last used, to the minute; of several servers that say so at once one writes it
update store_uptime.api_key
set last_used_at = now()
where name = %(name)s and (last_used_at is null or last_used_at < now() - interval '1 minute');

-- begin_session: a signed-in browser, for as long as its key opens anything
with begun as (
    insert into store_uptime.session (hash, key_name, csrf_token, expires_at)
    select %(hash)s, name, %(csrf_token)s, least(now() + %(lasting)s, expires_at)
    from store_uptime.api_key
    where name = %(key_name)s
    returning key_name
)
insert into store_uptime.audit (who, client, action, subject)
select key_name, %(client)s, 'signed in', key_name from begun;

-- note_failure: a sign-in that was refused, unless there were so many within an hour that whoever guesses keys would
-- fill the table: of one client, or of all
with lately as (
    select count(*) as all_of_them, count(*) filter (where client = %(client)s) as of_client
    from store_uptime.audit
    where action = 'sign-in failed' and at > now() - interval '1 hour'
)
insert into store_uptime.audit (client, action, subject, detail)
select %(client)s, 'sign-in failed', %(subject)s,
       case when of_client + 1 = %(of_client)s or all_of_them + 1 = %(of_all)s
            then 'further ones of this hour are in the log alone' else '' end
from lately
where of_client < %(of_client)s and all_of_them < %(of_all)s;

-- session: the key that a session was begun with
select key.name, key.role, session.csrf_token
from store_uptime.session
join store_uptime.api_key as key on key.name = session.key_name
where session.hash = %(hash)s
  and session.expires_at > now()
  and key.revoked_at is null
  and (key.expires_at is null or key.expires_at > now());

-- end_session: sign out
with ended as (
    delete from store_uptime.session where hash = %(hash)s returning key_name
)
insert into store_uptime.audit (who, client, action, subject)
select key_name, %(client)s, 'signed out', key_name from ended;

-- any_due: whether the time of a schedule has come; a look costs no transaction number
select 1 as yes from store_uptime.schedule where next_due <= store_uptime.clock() limit 1;

-- due: the schedules whose time has come; whoever holds them decides what comes next, and nobody else
select name, cron, zone, next_due, store_uptime.clock() as clock
from store_uptime.schedule
where next_due <= store_uptime.clock()
order by next_due
for update skip locked;

-- queue_due: the report of a due time. Of one schedule there waits at most one. Where the one of the due time before
-- has not begun yet, it becomes that of this due time, and keeps its place in the queue and its id; what was to be tried
-- again after it had failed is given up
with waiting as (
    select id
    from store_uptime.report
    where schedule = %(schedule)s and due_at < %(due_at)s and status = 'queued' and runs = 0 and tries = 0
    order by due_at desc
    limit 1
    for update
), given_up as (
    update store_uptime.report
    set status = 'error', finished_at = now(), not_before = null
    where schedule = %(schedule)s and due_at < %(due_at)s and status = 'queued' and tries > 0
), moved as (
    update store_uptime.report as report
    set due_at = %(due_at)s,
        is_late = %(is_late)s,
        passed_over = report.passed_over + 1 + %(passed_over)s,
        options = schedule.options,
        requested_by = schedule.made_by,
        retention = schedule.retention,
        deliver_to = schedule.deliver_to,
        format = schedule.format,
        webhook = schedule.webhook,
        webhook_secret = schedule.webhook_secret
    from store_uptime.schedule, waiting
    where report.id = waiting.id
      and schedule.name = %(schedule)s
      and not exists (select from store_uptime.report where schedule = %(schedule)s and due_at = %(due_at)s)
    returning report.id
), added as (
    insert into store_uptime.report
        (id, options, client, requested_by, schedule, due_at, is_late, passed_over,
         retention, deliver_to, format, webhook, webhook_secret)
    select %(id)s, options, 'schedule ' || name, made_by, name, %(due_at)s, %(is_late)s, %(passed_over)s,
           retention, deliver_to, format, webhook, webhook_secret
    from store_uptime.schedule
    where name = %(schedule)s and not exists (select from waiting)
    on conflict (schedule, due_at) do nothing
    returning id
)
select id from moved union all select id from added;

-- set_next_due: when a schedule's time comes again
update store_uptime.schedule set next_due = %(next_due)s where name = %(schedule)s;

-- add_schedule: a new schedule
with added as (
    insert into store_uptime.schedule
        (name, cron, zone, options, retention, deliver_to, format, webhook, webhook_secret, made_by, next_due)
    values (%(name)s, %(cron)s, %(zone)s, %(options)s, %(retention)s, %(deliver_to)s, %(format)s, %(webhook)s,
            %(webhook_secret)s, %(who)s, %(next_due)s)
    on conflict do nothing
    returning name
), noted as (
    insert into store_uptime.audit (who, client, action, subject, detail)
    select %(who)s, %(client)s, 'schedule added', name, %(cron)s from added
)
select name from added;

-- change_schedule: a schedule as it is wanted now. Its secret stays as long as it is announced anywhere, and its next due
-- time as long as it comes at the same times. secret: only if it is a new one
with before as (
    select name, cron, zone, webhook_secret, next_due from store_uptime.schedule where name = %(name)s for update
), changed as (
    update store_uptime.schedule as schedule
    set cron = %(cron)s,
        zone = %(zone)s,
        options = %(options)s,
        retention = %(retention)s,
        deliver_to = %(deliver_to)s,
        format = %(format)s,
        webhook = %(webhook)s,
        webhook_secret = case when %(webhook)s::text is not null
                              then coalesce(before.webhook_secret, %(webhook_secret)s) end,
        next_due = case when (before.cron, before.zone) = (%(cron)s, %(zone)s)
                        then before.next_due else %(next_due)s end
    from before
    where schedule.name = before.name
    returning schedule.name, schedule.next_due, schedule.cron,
              case when before.webhook_secret is null then schedule.webhook_secret end as secret
), noted as (
    insert into store_uptime.audit (who, client, action, subject, detail)
    select %(who)s, %(client)s, 'schedule changed', name, cron from changed
)
select name, next_due, secret from changed;

-- schedules: every schedule, and the newest report of each
select schedule.*, newest.id as report_id, newest.status, newest.error, newest.due_at, newest.requested_at,
       newest.tries, newest.not_before, newest.warnings, newest.warning_codes
from store_uptime.schedule
left join lateral (
    select *
    from store_uptime.standing
    where schedule = schedule.name and status <> 'removed'
    order by requested_at desc, id desc
    limit 1
) as newest on true
order by name;

-- remove_schedule: a schedule that comes no more; its reports stay
with removed as (
    delete from store_uptime.schedule where name = %(name)s returning name
), noted as (
    insert into store_uptime.audit (who, client, action, subject)
    select %(who)s, %(client)s, 'schedule removed', name from removed
)
select name from removed;

-- run_schedule: a report of a schedule at once, beside those of its due times; one that was asked for so and still
-- waits will do
with waiting as (
    select id
    from store_uptime.report
    where schedule = %(name)s and due_at is null and status = 'queued' and tries = 0
    limit 1
), queued as (
    insert into store_uptime.report
        (id, options, client, requested_by, schedule, retention, deliver_to, format, webhook, webhook_secret)
    select %(id)s, options, 'schedule ' || name, %(who)s, name, retention, deliver_to, format, webhook, webhook_secret
    from store_uptime.schedule
    where name = %(name)s and not exists (select from waiting)
    returning id
), found as (
    select id from queued union all select id from waiting
), noted as (
    insert into store_uptime.audit (who, client, action, subject, detail)
    select %(who)s, %(client)s, 'triggered', id, 'schedule ' || %(name)s from found
)
select id from found;

-- next_delivery: take what is to go out next, of what this server can deliver
update store_uptime.delivery
set lease_until = now() + %(lease)s, tries = tries + 1
where id = (
    select id
    from store_uptime.going_out
    where kind = %(kind)s and (kind = 'webhook' or target = any(%(destinations)s))
    order by next_try_at, id
    limit 1
    for update skip locked
)
returning id, report_id, kind, target, name, content, secret, tries, lease_until;

-- any_delivery: whether there is anything to go out; a look costs no transaction number
select 1 as yes
from store_uptime.going_out
where kind = %(kind)s and (kind = 'webhook' or target = any(%(destinations)s))
limit 1;

-- delivered: something has gone out; detail: what, and where to
with gone as (
    update store_uptime.delivery
    set status = 'delivered', done_at = now(), content = null, secret = null, error = null, lease_until = null
    where id = %(id)s and lease_until = %(lease_until)s
    returning report_id
)
insert into store_uptime.audit (client, action, subject, detail)
select coalesce('schedule ' || schedule, 'server'), 'sent', id, %(detail)s
from store_uptime.report
where id in (select report_id from gone);

-- not_delivered: a try has failed; there is another, unless it is given up
update store_uptime.delivery
set status = case when %(again_in)s::interval is null then 'failed' else 'waiting' end,
    done_at = case when %(again_in)s::interval is null then now() end,
    content = case when %(again_in)s::interval is null then null else content end,
    next_try_at = store_uptime.clock() + coalesce(%(again_in)s::interval, interval '0'),
    lease_until = null,
    error = %(error)s
where id = %(id)s and lease_until = %(lease_until)s;

-- add_delivery: a file of a report that somebody wants elsewhere
with added as (
    insert into store_uptime.delivery (report_id, kind, target, name, content)
    select %(id)s, 'file', target, %(file_name)s, %(file)s
    from unnest(%(deliver_to)s::text[]) as target
    on conflict (report_id, kind, target, name) do update
    set content = excluded.content,
        status = 'waiting',
        tries = 0,
        asked_at = now(),
        next_try_at = store_uptime.clock(),
        lease_until = null,                           -- whoever has the one before is too late to say so
        error = null,
        done_at = null
    returning report_id, target
), noted as (
    insert into store_uptime.audit (who, client, action, subject, detail)
    select %(who)s, %(client)s, 'delivered', report_id, target from added
)
select report_id from added;

-- forsaken: what no server has come for in days, this one included, since none knows its destination any more
update store_uptime.delivery
set status = 'failed', done_at = now(), content = null,
    error = 'No server that knows this destination has come for it within three days: serve --destination names it.'
where status = 'waiting'
  and kind = 'file'
  and target <> all(%(destinations)s)
  and next_try_at < store_uptime.clock() - interval '3 days'
  and (lease_until is null or lease_until < now())
returning target;

-- deliveries: what has gone out of a report, or is to go
select kind, target, name, status, tries, error, asked_at, done_at,
       case when status = 'waiting' then next_try_at end as next_try_at
from store_uptime.delivery
where report_id = %(id)s
order by asked_at, id;

-- undelivered: how much is to go out, and how much was given up
select count(*) filter (where status = 'waiting') as waiting, count(*) filter (where status = 'failed') as failed
from store_uptime.delivery;

-- note: what somebody has done
insert into store_uptime.audit (who, client, action, subject, detail)
values (%(who)s, %(client)s, %(action)s, %(subject)s, %(detail)s);

-- audit: what was done, the newest first
select at, who, client, action, subject, detail
from store_uptime.audit
where (%(who)s::text is null or who = %(who)s)
  and (%(subject)s::text is null or subject = %(subject)s)
  and (%(since)s::interval is null or now() - at <= %(since)s)
order by id desc
limit %(limit)s;

-- forget_audit: what was done longer ago than it is kept; a batch, and its size
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
select count(*) from old;

-- kept_reports: the reports that hold something
select id from store_uptime.report where status = 'complete' order by requested_at, id;

-- kept_report: what is kept of a report
select figures, plan, rejects, lanes from store_uptime.report where id = %(id)s and status = 'complete';

-- keep_report_again: the same under other keys
update store_uptime.report
set figures = %(figures)s, plan = %(plan)s, rejects = %(rejects)s, lanes = %(lanes)s
where id = %(id)s and status = 'complete';

-- kept_files: the files that are to go out
select id from store_uptime.delivery where content is not null order by id;

-- kept_file: such a file
select content from store_uptime.delivery where id = %(id)s and content is not null;

-- keep_file_again: the same under other keys, and under a name that says so
update store_uptime.delivery
set content = %(content)s, name = case when name like '%%.age' then name else name || '.age' end
where id = %(id)s and content is not null;
