-- Reports by periods: the stores with their attributes, the outages, and the profile by weekday and hour. All are
-- Parquet; outages and profile are null in a report of the three windows, attributes where there is no table of them.
alter table store_uptime.report
    add column attributes  bytea,
    add column outages     bytea,
    add column profile     bytea,
    add column periods_run text;                         -- the last run whose server knows reports by periods
alter table store_uptime.report
    alter attributes set storage external,
    alter outages set storage external,
    alter profile set storage external;

-- A server of the version before would make a report of the three windows of it: it is left to those that know better.
create function store_uptime.leave_row() returns trigger
language plpgsql as $$
begin
    return null;
end
$$;
create trigger leave_periods
    before update of status on store_uptime.report
    for each row
    when (new.status = 'running' and old.status = 'queued' and new.options ? 'period'
          and new.periods_run is distinct from new.run)
    execute function store_uptime.leave_row();
