-- store_status: the incoming polls that are not there yet, each once, in the order of the first index
insert into store_status (timestamp_utc, store_id, status)
select distinct timestamp_utc, store_id, status
from incoming
where not exists (
    select from store_status as present
    where present.timestamp_utc = incoming.timestamp_utc
      and present.store_id = incoming.store_id
      and present.status = incoming.status
)
order by timestamp_utc, store_id, status
