-- reasons: the inactive polls of the horizon that say why; where times are text, of the days around too; as text
select {store_id}::text as store_id,
       {utc_text}       as timestamp_utc,
       {status}::text   as status,
       {reason}::text   as reason
from {table}
where {within}
  and {of_store}
  and {is_inactive}
  and btrim({reason}::text, {space}) <> ''
