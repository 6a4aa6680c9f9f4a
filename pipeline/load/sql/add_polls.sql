-- add_polls: the incoming polls that are not there yet, each once, in the order of the first index; how many by file, and
-- how many polls that are there without a reason get one
-- Of several reasons for a poll the first in byte order is kept, as in a report on the files; one that is there stays.
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
),
given as (
    select distinct on (timestamp_utc, store_id, status) timestamp_utc, store_id, status, reason, file_number
    from incoming
    where reason is not null
    order by timestamp_utc, store_id, status, reason collate "C", file_number
),
explained as (
    update store_status as present
    set reason = given.reason
    from given
    where present.timestamp_utc = given.timestamp_utc
      and present.store_id = given.store_id
      and present.status = given.status
      and present.reason is null
    returning given.file_number
)
select file_number, coalesce(polls.added, 0), 0, coalesce(reasons.added, 0)
from (select file_number, count(*) as added from new group by file_number) as polls
full join (select file_number, count(*) as added from explained group by file_number) as reasons using (file_number)
