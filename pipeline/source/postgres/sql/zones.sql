-- zones: every row, as text
select {store_id}::text     as store_id,
       {timezone_str}::text as timezone_str
from {table}
where {of_store}
