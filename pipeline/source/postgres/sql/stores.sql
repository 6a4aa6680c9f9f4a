-- stores: the ids with an acceptable poll in a stretch of time, or in the days around where times are text
select distinct {store_id}::text collate "C" as store_id
from {table}
where {within}
  and {store_id}::text <> ''
  and strpos({store_id}::text, {unreadable}) = 0
  and {is_status}
