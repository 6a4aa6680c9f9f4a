-- The statements of the registry. Each begins with its name and what it does; docs/architecture.md, "The service".

-- trigger_lock: let equal triggers come one after the other, so that they meet
select pg_advisory_xact_lock(hashtext('store_uptime trigger'));

-- remembered: the report that an idempotency key has led to
select report_id, options = %(options)s::jsonb as same_options
from store_uptime.idempotency
where scope = %(scope)s and key = %(key)s;

-- remember: keep what an idempotency key has led to
insert into store_uptime.idempotency (scope, key, options, report_id)
values (%(scope)s, %(key)s, %(options)s, %(report_id)s);

-- joinable: a report of the same options whose figures are those that a run of its own would give
select id
from store_uptime.report
where options = %(options)s::jsonb
  and (
      status = 'queued'                               -- it will see what is there when it begins
      or status in ('running', 'complete')
         and made_by = %(made_by)s                    -- another version may have other rules, or other zones
         and (
             options ->> 'now' is not null            -- else the clock decides which polls are ahead of it
             or polls_ahead = 0 and options ->> 'store_id' is null  -- of one store: those of others are not counted
         )
         and store_uptime.same_data(data_version, %(data_version)s)
  )
order by requested_at
limit 1;

-- waiting: how many reports wait for their turn
select count(*) from store_uptime.report where status = 'queued';

-- queue: a report that waits for its turn
insert into store_uptime.report (id, options, client, requested_by)
values (%(id)s, %(options)s, %(client)s, %(requested_by)s);

-- any_waiting: whether there is anything to claim; a look costs no transaction number
select 1 as yes from store_uptime.report where status = 'queued' limit 1;

-- claim: take the next report: of the client that was served the longest ago, its oldest
update store_uptime.report
set status = 'running',
    run = %(run)s,
    runs = runs + 1,
    made_by = %(made_by)s,
    started_at = now(),
    lease_until = now() + %(lease)s,
    step = 'starting'
where id = (
    select id
    from store_uptime.report as queued
    where status = 'queued'
    order by (
                 select max(started_at)
                 from store_uptime.report as earlier
                 where earlier.client = queued.client
             ) nulls first,
             requested_at
    limit 1
    for update of queued skip locked
)
returning id, options, extract(epoch from started_at - requested_at)::float8 as waited;

-- renew: say that these runs are alive
update store_uptime.report
set lease_until = now() + %(lease)s
where run = any(%(runs)s) and status = 'running';

-- still_ours: those of our runs that nobody has cancelled or taken over; one that has just ended by itself is ours
select run from store_uptime.report where run = any(%(runs)s);

-- lost: the runs whose server has fallen silent: queued again, and given up after the third
with lost as (
    select id, run
    from store_uptime.report
    where status = 'running' and lease_until < now()
    for update skip locked
)
update store_uptime.report as report
set status = case when runs < 3 then 'queued' else 'error' end,
    error = case when runs < 3 then null else 'It was begun three times, and each time the server that ran it died. '
                 'Trigger it again; if that repeats, look into the server''s log.' end,
    finished_at = case when runs < 3 then null else now() end,
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

-- complete: the whole result, by the holder of the run only
update store_uptime.report
set status = 'complete',
    finished_at = now(),
    lease_until = null,
    step = null,
    stores = %(stores)s,
    about = %(about)s,
    polls_ahead = %(polls_ahead)s,
    figures = %(figures)s,
    plan = %(plan)s,
    rejects = %(rejects)s,
    lanes = %(lanes)s
where id = %(id)s and run = %(run)s and status in ('running', 'complete')  -- again, if the answer was lost
returning id;

-- fail: why there is no result, by the holder of the run only; what its worker has said before it ended comes first
update store_uptime.report
set status = 'error', finished_at = now(), lease_until = null, step = null, error = coalesce(error, %(error)s)
where id = %(id)s and run = %(run)s and status in ('running', 'error')
returning error;

-- cancel: end a report that has not finished
update store_uptime.report
set status = 'error', finished_at = now(), run = null, lease_until = null, step = null, error = 'It was cancelled.'
where id = %(id)s and status in ('queued', 'running')
returning id;

-- remove: let go of what a finished report holds; the id stays, to be answered with "gone"
with removed as (
    update store_uptime.report
    set status = 'removed', about = null, figures = null, plan = null, rejects = null, lanes = null, error = null, options = '{}',
        client = '', requested_by = null
    where id = %(id)s and status in ('complete', 'error')
    returning id
), forgotten as (
    delete from store_uptime.idempotency where report_id in (select id from removed)
)
select id from removed;

-- expire: the same for reports beyond the age or the number that is kept
with beyond as (
    select id
    from store_uptime.report
    where status in ('complete', 'error')
    order by requested_at desc, id desc
    offset %(keep_reports)s
), removed as (
    update store_uptime.report
    set status = 'removed', about = null, figures = null, plan = null, rejects = null, lanes = null, error = null, options = '{}',
        client = '', requested_by = null
    where status in ('complete', 'error')
      and (finished_at < now() - %(keep_for)s::interval or id in (select id from beyond))
    returning id
), forgotten as (
    delete from store_uptime.idempotency where report_id in (select id from removed)
)
select count(*) from removed;

-- tidy_sessions: sessions that have ended
delete from store_uptime.session where expires_at < now();

-- tidy_transactions: our own transactions too old to be asked about
delete from store_uptime.own_transaction
where xid < (greatest(pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 100000, 3))::text::xid8;

-- status: all of a report but what is large
select id, status, options, requested_by, requested_at, started_at, finished_at, step, error, stores,
       extract(epoch from now() - coalesce(started_at, requested_at))::float8 as seconds
from store_uptime.report
where id = %(id)s;

-- ahead: how many reports were asked for before this one and wait
select count(*)
from store_uptime.report
where status = 'queued' and requested_at < %(requested_at)s;

-- about: provenance and quality
select about from store_uptime.report where id = %(id)s;

-- figures: what the files of a report are made from
select figures from store_uptime.report where id = %(id)s and status = 'complete';

-- explained: what a timeline of a report is made from, and what else the page shows of a store
select figures, plan, rejects from store_uptime.report where id = %(id)s and status = 'complete';

-- fleet: the figures of a report, and the lanes that the page draws
select figures, lanes from store_uptime.report where id = %(id)s and status = 'complete';

-- newest: the complete report that the page begins with: of all stores, as of the newest poll rather than a given now
select id, status, options, requested_by, requested_at, started_at, finished_at, step, error, stores,
       extract(epoch from now() - coalesce(started_at, requested_at))::float8 as seconds
from store_uptime.report
where status = 'complete' and options ->> 'store_id' is null
order by options ->> 'now' is null desc, requested_at desc, id desc
limit 1;

-- before: the complete report with the same options that was asked for before this one, to compare it with
select earlier.id
from store_uptime.report as this
join store_uptime.report as earlier using (options)
where this.id = %(id)s
  and earlier.status = 'complete'
  and (earlier.requested_at, earlier.id) < (this.requested_at, this.id)
order by earlier.requested_at desc, earlier.id desc
limit 1;

-- rejects: the rejected rows of a report
select figures, rejects from store_uptime.report where id = %(id)s and status = 'complete';

-- history: reports, the newest first, after a given one
select id, status, options, requested_by, requested_at, started_at, finished_at, step, error, stores,
       extract(epoch from now() - coalesce(started_at, requested_at))::float8 as seconds
from store_uptime.report
where status <> 'removed'
  and status = any(%(statuses)s)
  and (%(store_id)s::text is null or options ->> 'store_id' = %(store_id)s)
  and (%(after)s::text is null
       or (requested_at, id) < (select requested_at, id from store_uptime.report where id = %(after)s))
order by requested_at desc, id desc
limit %(limit)s;

-- fullness: how many reports there are in each state
select status, count(*) from store_uptime.report where status in ('queued', 'running') group by status;

-- add_key: a new API key
insert into store_uptime.api_key (name, id, hash)
values (%(name)s, %(id)s, %(hash)s)
on conflict do nothing
returning name;

-- list_keys: every key, the secret part apart
select name, id, created_at, revoked_at from store_uptime.api_key order by created_at;

-- revoke_key: a key that opens nothing any more, nor do the sessions that it began
update store_uptime.api_key set revoked_at = now() where name = %(name)s and revoked_at is null returning name;

-- keys_exist: whether there is any key; one that is revoked counts, or revoking the last would open the door
select exists (select from store_uptime.api_key);

-- key: the key with this visible part
select name, hash from store_uptime.api_key where id = %(id)s and revoked_at is null;

-- begin_session: a signed-in browser
insert into store_uptime.session (hash, key_name, csrf_token, expires_at)
values (%(hash)s, %(key_name)s, %(csrf_token)s, now() + %(lasting)s);

-- session: the key that a session was begun with
select key.name, session.csrf_token
from store_uptime.session
join store_uptime.api_key as key on key.name = session.key_name
where session.hash = %(hash)s and session.expires_at > now() and key.revoked_at is null;

-- end_session: sign out
delete from store_uptime.session where hash = %(hash)s;
