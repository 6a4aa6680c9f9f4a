-- add_polls: the incoming polls that are not there yet, each once, in the order of the first index; how many by file
-- Of several reasons for a poll the first in byte order is kept, as in a report on the files.
with new as materialized (
    select distinct on (timestamp_utc, store_id, status) timestamp_utc, store_id, status, reason, file_number
    from incoming
    where not exists (
        select from store_status as present
        where present.timestamp_utc = incoming.timestamp_utc
          and present.store_id = incoming.store_id
          and present.status = incoming.status
    )
    order by timestamp_utc, store_id, status, reason collate "C", file_number
),
added as (
    insert into store_status ({columns}) select {columns} from new
)
select file_number, count(*), 0
from new
group by file_number
