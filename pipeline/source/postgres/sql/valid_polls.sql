-- valid_polls: the polls of the horizon, a row for a store and a status, its times end to end in eight bytes each
-- The status is null where it is not one of the usual words. Ids are compared as bytes, whatever the column's collation.
select {store_id}::text collate "C" as store_id,
       {is_active}                  as status,
       string_agg({sent}, '')       as times
from {table}
where {timestamp} between {start} and {now} and {of_store}
group by 1, 2
