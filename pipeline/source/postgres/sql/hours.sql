-- hours: every row, as text
select {store_id}::text         as store_id,
       {day_of_week}::text      as day_of_week,
       {start_time_local}::text as start_time_local,
       {end_time_local}::text   as end_time_local
       {optional}
from {table}
where {of_store}
