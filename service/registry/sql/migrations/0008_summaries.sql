-- What trends and the bar of the page show of a report: some kilobytes of JSON, encrypted like the figures. Null in a
-- report by periods, and in one of a version before this until somebody looks at trends.
alter table store_uptime.report add column summary bytea;

-- What the head of a report's page shows, as JSON, so that nobody who opens it waits until it is counted; encrypted
-- like the figures. Null where there is no summary, and in reports of a version before this: there it is counted anew.
alter table store_uptime.report add column overview bytea;

-- A server of the version before drops the figures of a report, or encrypts them to other keys, and knows neither. Both
-- go with the figures that they are counted from: they can be made again from those that are there.
create function store_uptime.drop_summary() returns trigger language plpgsql as $$
begin
    new.summary := null;
    new.overview := null;
    return new;
end
$$;
create trigger drop_summary
    before update of figures on store_uptime.report
    for each row
    when (new.figures is distinct from old.figures and (new.summary = old.summary or new.overview = old.overview))
    execute function store_uptime.drop_summary();

-- as_of: the end of the windows of a report, or when its periods were last looked at; null where nobody said.
create or replace view store_uptime.standing as
select id, status, options, requested_by, requested_at, started_at, finished_at, step, error, stores,
       schedule, due_at, is_late, passed_over, tries, not_before,
       extract(epoch from now() - coalesce(started_at, requested_at))::float8 as seconds,
       data_now, warnings, warning_codes,
       coalesce(data_now, (options ->> 'now')::timestamptz) as as_of
from store_uptime.report;

-- The options that reports of all stores have as a rule: the defaults, but where schedules make only others, those of the
-- oldest schedule.
create function store_uptime.usual_options(default_lookback float8) returns table (max_gap jsonb, lookback jsonb)
language sql stable as $$
    with found as (
        select options -> 'max_gap' as max_gap, options -> 'lookback' as lookback, made_at,
               options -> 'max_gap' = 'null' and options -> 'lookback' = to_jsonb(default_lookback) as is_default
        from store_uptime.schedule
        where options ->> 'store_id' is null and not options ?| array['period', 'only']
        union all
        select 'null', to_jsonb(default_lookback), 'infinity', false
    )
    select max_gap, lookback from found order by is_default desc, made_at limit 1
$$;
