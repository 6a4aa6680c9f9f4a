-- stores: the ids with an acceptable poll between two bounds: instants, or dates where times are text
select distinct {store_id}::text collate "C" as store_id
from {table}
where {bounded} between {first} and {last}
  and {store_id}::text <> ''
  and strpos({store_id}::text, {unreadable}) = 0
  and lower(btrim({status}::text, {space}) collate "C") in ('active', 'inactive')
