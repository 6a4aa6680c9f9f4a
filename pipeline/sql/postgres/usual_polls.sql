-- usual_polls: the polls of the horizon, a row for a store and a status, its times end to end in eight bytes each
-- The status is null where it is not one of two words. Ids are compared as bytes, whatever the column's collation.
select {store_id}::text collate "C"                                                as store_id,
       case {status}::text when 'active' then true when 'inactive' then false end  as status,
       string_agg({sent}, '')                                                      as times
from {table}
where {timestamp} between {start} and {now} and {of_store}
group by 1, 2
