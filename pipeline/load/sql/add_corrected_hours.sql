-- add_corrected_hours: the rows of a rejects file join those of their stores. Each replaces a row without values, which
-- stands for a rejected one; a row that is there already changes nothing. How many were added and replaced by file
with arriving as materialized (
    select
        {columns}, file_number,
        row_number() over (partition by store_id order by file_number) as number
    from incoming
    where not exists (
        select from menu_hours as present
        where present.store_id = incoming.store_id
          and present.day_of_week = incoming.day_of_week
          and present.start_time_local = incoming.start_time_local
          and present.end_time_local = incoming.end_time_local
          and present.valid_from is not distinct from incoming.valid_from
          and present.valid_to is not distinct from incoming.valid_to
    )
),
placeholders as (
    select ctid as row_id, store_id, row_number() over (partition by store_id) as number
    from menu_hours
    where day_of_week is null and store_id in (select store_id from arriving)
),
gone as (
    delete from menu_hours
    using placeholders join arriving using (store_id, number)
    where menu_hours.ctid = placeholders.row_id
    returning arriving.file_number
),
added as (
    insert into menu_hours ({columns}) select {columns} from arriving
)
select file_number, sum(added)::bigint, sum(replaced)::bigint
from (
    select file_number, 1 as added, 0 as replaced from arriving
    union all
    select file_number, 0, 1 from gone
) as moved
group by file_number
