-- zones: every row, as text
select {store_id}::text     as store_id,
       {timezone_str}::text as timezone_str
       {optional}
from {table}
where {of_store}
