-- add_polls: the incoming polls that are not there yet, each once, in the order of the first index; how many by file
with new as materialized (
    select distinct on (timestamp_utc, store_id, status) timestamp_utc, store_id, status, file_number
    from incoming
    where not exists (
        select from store_status as present
        where present.timestamp_utc = incoming.timestamp_utc
          and present.store_id = incoming.store_id
          and present.status = incoming.status
    )
    order by timestamp_utc, store_id, status, file_number
),
added as (
    insert into store_status (timestamp_utc, store_id, status)
    select timestamp_utc, store_id, status from new
)
select file_number, count(*), 0
from new
group by file_number
