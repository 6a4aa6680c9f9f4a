-- What goes out: files to destinations, announcements to webhooks.

-- any_deliverable: whether there is anything to go out; this look costs no transaction number
select true as found
from store_uptime.going_out as deliverable
where kind = %(kind)s and (kind = 'webhook' or target = any(%(destinations)s))
limit 1;

-- claim_delivery: take what is to go out next, of what this server can deliver
update store_uptime.delivery
set lease_until = now() + %(lease)s, tries = tries + 1
where id = (
    select id
    from store_uptime.going_out as deliverable
    where kind = %(kind)s and (kind = 'webhook' or target = any(%(destinations)s))
    order by next_try_at, id
    limit 1
    for update skip locked
)
returning id, report_id, kind, target, name, content, secret, tries, lease_until;

-- record_delivered: something has gone out; detail: what, and where to
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

-- record_failed_try: a try has failed; there is another, unless it is given up
update store_uptime.delivery
set status = case when %(again_in)s::interval is null then 'failed' else 'waiting' end,
    done_at = case when %(again_in)s::interval is null then now() end,
    content = case when %(again_in)s::interval is null then null else content end,
    next_try_at = store_uptime.clock() + coalesce(%(again_in)s::interval, interval '0'),
    lease_until = null,
    error = %(error)s
where id = %(id)s and lease_until = %(lease_until)s;

-- insert_delivery: a file of a report that somebody wants elsewhere
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
select report_id as id from added;

-- expire_undeliverable: give up what no server has come for in days, this one included, since none knows its
-- destination any more
update store_uptime.delivery
set status = 'failed', done_at = now(), content = null,
    error = 'No server that knows this destination has come for it within three days: serve --destination names it.'
where status = 'waiting'
  and kind = 'file'
  and target <> all(%(destinations)s)
  and next_try_at < store_uptime.clock() - interval '3 days'
  and (lease_until is null or lease_until < now())
returning target;

-- deliveries_of_report: what has gone out of a report, or is to go
select kind, target, name, status, tries, error, done_at,
       case when status = 'waiting' then next_try_at end as next_try_at
from store_uptime.delivery
where report_id = %(id)s
order by asked_at, id;

-- count_undelivered: how much is to go out, and how much was given up
select count(*) filter (where status = 'waiting') as waiting, count(*) filter (where status = 'failed') as failed
from store_uptime.delivery;

-- outgoing_file_ids: the files that are to go out
select id from store_uptime.delivery where content is not null order by id;

-- outgoing_file: the content of such a file
select content from store_uptime.delivery where id = %(id)s and content is not null;

-- replace_outgoing_file: the same, encrypted to other keys, and under a name that says so
update store_uptime.delivery
set content = %(content)s, name = case when name like '%%.age' then name else name || '.age' end
where id = %(id)s and content is not null;
