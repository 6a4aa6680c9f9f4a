-- whole: the incoming rows of hours or zones; those of their stores that were there before give way. How many came and
-- went by file, what went by the first file that speaks of its store
with speaking as (
    select store_id, min(file_number) as file_number from incoming group by store_id
),
gone as (
    delete from {table}
    where %(all_stores)s or store_id in (select store_id from speaking)
    returning store_id
),
added as (
    insert into {table} ({columns}) select {columns} from incoming
)
select file_number, sum(came)::bigint, sum(went)::bigint
from (
    select file_number, 1 as came, 0 as went from incoming
    union all
    select coalesce(file_number, 0), 0, 1 from gone left join speaking using (store_id)
) as moved
group by file_number
