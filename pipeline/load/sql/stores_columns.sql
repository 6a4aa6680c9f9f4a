-- stores_columns: the columns of the table of stores, in their order
select attname
from pg_attribute
where attrelid = 'stores'::regclass and attnum > 0 and not attisdropped
order by attnum
