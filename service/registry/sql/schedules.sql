-- Reports on schedule.

-- any_due: whether the time of a schedule has come; this look costs no transaction number
select true as found from store_uptime.schedule where next_due <= store_uptime.clock() limit 1;

-- due_schedules: the schedules whose time has come; whoever holds them decides what comes next, and nobody else
select name, cron, zone, next_due, store_uptime.clock() as clock
from store_uptime.schedule
where next_due <= store_uptime.clock()
order by next_due
for update skip locked;

-- enqueue_due: the report of a due time. Of one schedule at most one waits: where the report of the due time before has
-- not begun yet, it becomes that of this due time, and keeps its place in the queue and its id. What was to be tried
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
        passed_over = report.passed_over + 1 + %(missed_due_times)s,
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
    select %(id)s, options, 'schedule ' || name, made_by, name, %(due_at)s, %(is_late)s, %(missed_due_times)s,
           retention, deliver_to, format, webhook, webhook_secret
    from store_uptime.schedule
    where name = %(schedule)s and not exists (select from waiting)
    on conflict (schedule, due_at) do nothing
    returning id
)
select id from moved union all select id from added;

-- set_next_due: when a schedule is due next
update store_uptime.schedule set next_due = %(next_due)s where name = %(schedule)s;

-- insert_schedule: a new schedule
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

-- update_schedule: change a schedule. Its secret stays as long as there is a webhook, and its next due time as long as
-- cron and zone stay. secret: only if it is a new one
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

-- all_schedules: every schedule, and the newest report of each
select schedule.name, schedule.cron, schedule.zone, schedule.options, schedule.retention, schedule.deliver_to,
       schedule.format, schedule.webhook, schedule.made_by, schedule.next_due, newest.id as report_id, newest.status,
       newest.error, newest.due_at, newest.requested_at, newest.tries, newest.not_before, newest.warnings,
       newest.warning_codes
from store_uptime.schedule
left join lateral (
    select id, status, error, due_at, requested_at, tries, not_before, warnings, warning_codes
    from store_uptime.standing
    where schedule = schedule.name and status <> 'removed'
    order by requested_at desc, id desc
    limit 1
) as newest on true
order by name;

-- delete_schedule: remove a schedule; its reports stay
with removed as (
    delete from store_uptime.schedule where name = %(name)s returning name
), noted as (
    insert into store_uptime.audit (who, client, action, subject)
    select %(who)s, %(client)s, 'schedule removed', name from removed
)
select name from removed;

-- trigger_schedule: a report of a schedule at once, beside those of its due times; one that was triggered so and still
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
