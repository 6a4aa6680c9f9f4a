-- irregular_polls: the polls of the horizon without a valid id, or without a valid spelling of the status; as text
select {store_id}::text as store_id,
       {utc_text}       as timestamp_utc,
       {status}::text   as status
from {table}
where {timestamp} between {start} and {now} and {of_store}
  and ({store_id} is null or {store_id}::text = '' or strpos({store_id}::text, {unreadable}) > 0
       or {status} is null or not {is_valid_spelling})
