-- stores: the ids with a poll in a stretch of time that would be accepted; where times are text, in the days around too
select distinct {store_id}::text collate "C" as store_id
from {table}
where {within}
  and {store_id}::text <> ''
  and strpos({store_id}::text, {unreadable}) = 0
  and {is_status}
