-- What makes a report begin: one trigger after the other, and at most one report for equal ones.

-- lock_triggers: let triggers come one after the other, so that equal ones see each other
select true as locked from pg_advisory_xact_lock(hashtext('store_uptime trigger'));

-- remembered_report: the report that an idempotency key has led to
select report_id, options = %(options)s::jsonb as same_options
from store_uptime.idempotency
where scope = %(scope)s and key = %(key)s;

-- remember_report: keep what an idempotency key has led to
insert into store_uptime.idempotency (scope, key, options, report_id)
values (%(scope)s, %(key)s, %(options)s, %(report_id)s);

-- find_equivalent: a report of the same options whose figures are those that a run of its own would give
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

-- count_waiting: how many reports wait for their turn, those on schedule aside
select count(*) as count from store_uptime.report where status = 'queued' and schedule is null;

-- enqueue: a report that waits for its turn
insert into store_uptime.report (id, options, client, requested_by)
values (%(id)s, %(options)s, %(client)s, %(requested_by)s);
