-- corrected_menu_hours: the rows of a rejects file join those of their stores. Each takes the place of a row without
-- values, which stands for a rejected one; a row that is there already changes nothing. How many came and went by file
with arriving as materialized (
    select
        store_id, day_of_week, start_time_local, end_time_local, file_number,
        row_number() over (partition by store_id order by file_number) as number
    from incoming
    where not exists (
        select from menu_hours as present
        where present.store_id = incoming.store_id
          and present.day_of_week = incoming.day_of_week
          and present.start_time_local = incoming.start_time_local
          and present.end_time_local = incoming.end_time_local
    )
),
standing as (
    select ctid as place, store_id, row_number() over (partition by store_id) as number
    from menu_hours
    where day_of_week is null and store_id in (select store_id from arriving)
),
gone as (
    delete from menu_hours
    using standing join arriving using (store_id, number)
    where menu_hours.ctid = standing.place
    returning arriving.file_number
),
added as (
    insert into menu_hours ({columns}) select {columns} from arriving
)
select file_number, sum(came)::bigint, sum(went)::bigint
from (
    select file_number, 1 as came, 0 as went from arriving
    union all
    select file_number, 0, 1 from gone
) as moved
group by file_number
