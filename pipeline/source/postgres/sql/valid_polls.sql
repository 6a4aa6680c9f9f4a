-- valid_polls: the polls of the horizon, one row for a store and a status, its times concatenated, eight bytes each
-- The status is null where its spelling is not a valid one: such groups are pulled again by irregular_polls, as text.
-- collate "C": by bytes, since some collations call different ids equal.
select {store_id}::text collate "C" as store_id,
       {is_active}                  as status,
       string_agg({sent}, '')       as times
from {table}
where {timestamp} between {start} and {now} and {of_store}
group by 1, 2
