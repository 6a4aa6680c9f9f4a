-- create_tables: the three tables as `load` makes them; the comment is how it knows its own
create table if not exists store_status (
    store_id      text        not null check (store_id <> ''),
    timestamp_utc timestamptz not null,
    status        text        not null check (status in ('active', 'inactive')),
    reason        text
);
create unique index if not exists store_status_once on store_status (timestamp_utc, store_id, status);
create index if not exists store_status_of_store on store_status (store_id, timestamp_utc);
comment on table store_status is 'made by store-uptime load: polls';

-- A row that was rejected stands here without its values: its store has hours, and nobody knows them.
create table if not exists menu_hours (
    store_id         text     not null check (store_id <> ''),
    day_of_week      smallint check (day_of_week between 0 and 6),
    start_time_local time     check (start_time_local < '24:00'),
    end_time_local   time,
    valid_from       date,
    valid_to         date     check (valid_from < valid_to),
    check (num_nulls(day_of_week, start_time_local, end_time_local) in (0, 3))
);
create index if not exists menu_hours_of_store on menu_hours (store_id);
comment on table menu_hours is 'made by store-uptime load: business hours';

create table if not exists timezones (
    store_id     text not null check (store_id <> ''),
    timezone_str text,
    valid_from   date,
    valid_to     date check (valid_from < valid_to)
);
create index if not exists timezones_of_store on timezones (store_id);
comment on table timezones is 'made by store-uptime load: time zones';
