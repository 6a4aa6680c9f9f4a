-- Reports that are there: where each stands, what is kept of it, and its end.

-- report_row: all of a report but what is large
select id, status, options, requested_by, requested_at, started_at, finished_at, step, error, stores, schedule, due_at,
       is_late, passed_over as missed_due_times, tries, not_before, seconds, warnings, warning_codes, as_of
from store_uptime.standing
where id = %(id)s;

-- report_history: reports, the newest first, after a given one
select id, status, options, requested_by, requested_at, started_at, finished_at, step, error, stores, schedule, due_at,
       is_late, passed_over as missed_due_times, tries, not_before, seconds, warnings, warning_codes, as_of
from store_uptime.standing
where status <> 'removed'
  and status = any(%(statuses)s)
  and (%(store_id)s::text is null or options ->> 'store_id' = %(store_id)s)
  and (%(after)s::text is null
       or (requested_at, id) < (select requested_at, id from store_uptime.report where id = %(after)s))
order by requested_at desc, id desc
limit %(limit)s;

-- newest_report: the complete report that the page begins with: of the three windows and all stores, as of the newest
-- poll if there is one, and with the usual options
select id, status, options, requested_by, requested_at, started_at, finished_at, step, error, stores, schedule, due_at,
       is_late, passed_over as missed_due_times, tries, not_before, seconds, warnings, warning_codes, as_of
from store_uptime.standing
cross join store_uptime.usual_options(%(lookback)s) as usual
where status = 'complete' and options ->> 'store_id' is null and not options ?| array['period', 'only']
order by options ->> 'now' is null desc,
         options -> 'max_gap' = usual.max_gap and options -> 'lookback' = usual.lookback desc nulls last,
         requested_at desc, id desc
limit 1;

-- previous_report: the complete report with the same options that was made before this one, to compare it with; of the
-- same schedule, or likewise of none
select earlier.id
from store_uptime.report as this
join store_uptime.report as earlier using (options)
where this.id = %(id)s
  and earlier.status = 'complete'
  and earlier.schedule is not distinct from this.schedule
  and (earlier.requested_at, earlier.id) < (this.requested_at, this.id)
order by earlier.requested_at desc, earlier.id desc
limit 1;

-- week_reports: the complete reports of the three windows of all stores, or of this one, whose now is in the 13 weeks
-- before that of a report and by whose max_gap its figures are, too; the latest now first
select other.id, coalesce((other.options ->> 'now')::timestamptz, other.data_now) as now
from store_uptime.report as this
join store_uptime.report as other
     on other.options -> 'max_gap' is not distinct from this.options -> 'max_gap'
where this.id = %(id)s
  and other.status = 'complete'
  and other.lanes is not null
  and not other.options ?| array['period', 'only']
  and coalesce(other.options ->> 'store_id', %(store_id)s) = %(store_id)s
  and coalesce((other.options ->> 'now')::timestamptz, other.data_now)
      between coalesce((this.options ->> 'now')::timestamptz, this.data_now) - interval '98 days'
          and coalesce((this.options ->> 'now')::timestamptz, this.data_now)
order by now desc, other.requested_at desc;

-- day_reports: the newest complete reports by periods that are cut by day on each store's own clock, and have all stores
select id, requested_at as now
from store_uptime.report
where status = 'complete'
  and options -> 'period' ->> 'by' = 'day'
  and not options -> 'period' ? 'on'
  and not options ? 'only'
  and coalesce(options ->> 'store_id', %(store_id)s) = %(store_id)s
order by requested_at desc, id desc
limit %(limit)s;

-- newest_figures: the figures of the newest complete report of the three windows and all stores
select figures, attributes, outages, profile
from store_uptime.report
where status = 'complete' and options ->> 'store_id' is null and not options ?| array['period', 'only']
order by requested_at desc, id desc
limit 1;

-- count_ahead: how many reports wait that were triggered before this one
select count(*) as count
from store_uptime.report
where status = 'queued' and requested_at < %(requested_at)s;

-- newest_attributes: the stores with their attributes, as the newest complete report of all stores has them
select attributes
from store_uptime.report
where status = 'complete' and options ->> 'store_id' is null
order by requested_at desc, id desc
limit 1;

-- stored_figures: what the files of a report are made from
select figures, attributes, outages, profile from store_uptime.report where id = %(id)s and status = 'complete';

-- stored_explanation: what a timeline of a report is made from, and what else the page shows of a store
select figures, plan, rejects, attributes, lanes
from store_uptime.report
where id = %(id)s and status = 'complete';

-- stored_fleet: the figures of a report, its stores, the lanes that the page draws, and what is counted of all stores
select figures, attributes, lanes, overview from store_uptime.report where id = %(id)s and status = 'complete';

-- stored_overview: what is counted of all stores of a report; where that is not kept, what it is counted from
select overview, case when overview is null then figures end as figures, case when overview is null then lanes end as lanes
from store_uptime.report
where id = %(id)s and status = 'complete';

-- stored_rejects: the rejected rows of a report
select figures, rejects from store_uptime.report where id = %(id)s and status = 'complete';

-- cancel_report: end a report that has not finished; who is no admin can end only one that the same key triggered
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

-- remove_report: drop what a finished report holds; its id stays, to be answered with "gone"
with removed as (
    update store_uptime.report
    set status = 'removed', figures = null, plan = null, rejects = null, lanes = null, attributes = null, outages = null,
        profile = null, summary = null, overview = null, error = null, options = '{}', client = '', requested_by = null,
        webhook = null, webhook_secret = null, warnings = '{}'
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

-- stored_report_ids: the reports that hold something
select id from store_uptime.report where status = 'complete' order by requested_at, id;

-- stored_report: everything that is stored of a report
select figures, plan, rejects, lanes, attributes, outages, profile, summary, overview
from store_uptime.report
where id = %(id)s and status = 'complete';

-- replace_stored_report: the same, encrypted to other keys
update store_uptime.report
set figures = %(figures)s, plan = %(plan)s, rejects = %(rejects)s, lanes = %(lanes)s, attributes = %(attributes)s,
    outages = %(outages)s, profile = %(profile)s, summary = %(summary)s, overview = %(overview)s
where id = %(id)s and status = 'complete';

-- summaries: complete reports of the three windows and all stores, and what trends show of each; the newest first, by the
-- end of their windows
select standing.id, as_of, standing.finished_at, standing.schedule, standing.warning_codes, standing.options, summary,
       lanes is not null as has_lanes
from store_uptime.standing
join store_uptime.report using (id)
where standing.status = 'complete'
  and standing.options ->> 'store_id' is null and not standing.options ?| array['period', 'only']
order by as_of desc nulls last, standing.requested_at desc, id desc
limit %(limit)s;

-- summaries_of: the same of those of some reports that are complete and of the three windows, whatever their stores
select standing.id, as_of, standing.finished_at, standing.schedule, standing.warning_codes, standing.options, summary,
       lanes is not null as has_lanes
from store_uptime.standing
join store_uptime.report using (id)
where standing.id = any(%(ids)s) and standing.status = 'complete' and not standing.options ? 'period';

-- save_summary: the summary of a report that was made without one, and where nobody has kept it its now
update store_uptime.report
set summary = %(summary)s,
    data_now = coalesce(data_now, case when options ->> 'now' is null then %(as_of)s::timestamptz end)
where id = %(id)s and status = 'complete' and summary is null;

-- newest_summary: the report that the page begins with, as newest_report; always a row
select newest.id as report_id, newest.as_of, newest.is_of_newest_poll, newest.summary, queue.is_running,
       (usual.max_gap #>> '{}')::float8 as usual_max_gap,
       (usual.lookback #>> '{}')::float8 as usual_lookback
from (
    select exists (select from store_uptime.report where status in ('queued', 'running')) as is_running
) as queue
cross join store_uptime.usual_options(%(lookback)s) as usual
left join lateral (
    select standing.id, as_of, standing.options ->> 'now' is null as is_of_newest_poll, summary
    from store_uptime.standing
    join store_uptime.report using (id)
    where standing.status = 'complete'
      and standing.options ->> 'store_id' is null and not standing.options ?| array['period', 'only']
    order by is_of_newest_poll desc,
             standing.options -> 'max_gap' = usual.max_gap
             and standing.options -> 'lookback' = usual.lookback desc nulls last,
             standing.requested_at desc, id desc
    limit 1
) as newest on true;

-- report_before: of the complete reports with the same max_gap and lookback, of the three windows and all stores, the one
-- that is as of nearest to an interval before this one. In UTC, where each day has as many hours
select earlier.id, earlier.as_of, report.summary
from store_uptime.standing as this
cross join lateral (select (this.as_of at time zone 'UTC' - %(interval)s::interval) at time zone 'UTC' as at) as wanted
join store_uptime.standing as earlier
  on earlier.options -> 'max_gap' = this.options -> 'max_gap'
  and earlier.options -> 'lookback' = this.options -> 'lookback'
  and earlier.id <> this.id
  and abs(extract(epoch from earlier.as_of - wanted.at)) <= extract(epoch from %(tolerance)s::interval)
join store_uptime.report on report.id = earlier.id
where this.id = %(id)s
  and earlier.status = 'complete'
  and this.options ->> 'store_id' is null and not this.options ?| array['period', 'only']
  and earlier.options ->> 'store_id' is null and not earlier.options ?| array['period', 'only']
order by abs(extract(epoch from earlier.as_of - wanted.at)), earlier.requested_at desc, earlier.id desc
limit 1;
