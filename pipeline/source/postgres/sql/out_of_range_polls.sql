-- out_of_range_polls: polls without a time that the calendar has, or ahead of the clock; as text
select {store_id}::text as store_id,
       {any_text}       as timestamp_utc,
       {status}::text   as status
from {table}
where ({timestamp} is null or {timestamp} > {ahead} or {timestamp} = '-infinity' or {timestamp} = 'infinity')
  and {of_store}
