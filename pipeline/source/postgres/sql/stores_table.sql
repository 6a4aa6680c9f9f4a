-- stores_table: every row of the table of stores, as text; `optional` is its name and its attributes
select {store_id}::text as store_id
       {optional}
from {table}
