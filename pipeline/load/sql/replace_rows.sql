-- replace_rows: the incoming rows of hours or zones; those of their stores that were there before give way. How many
-- were added and replaced by file; replaced rows count at the first file that lists their store
with listed as (
    select store_id, min(file_number) as file_number from incoming group by store_id
),
gone as (
    delete from {table}
    where %(all_stores)s or store_id in (select store_id from listed)
    returning store_id
),
added as (
    insert into {table} ({columns}) select {columns} from incoming
)
select file_number, sum(added)::bigint, sum(replaced)::bigint
from (
    select file_number, 1 as added, 0 as replaced from incoming
    union all
    select coalesce(file_number, 0), 0, 1 from gone left join listed using (store_id)
) as moved
group by file_number
