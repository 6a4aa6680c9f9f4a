-- text_polls: polls whose time is text: those that may lie between two dates, and those whose time cannot be read
-- Compared by the date alone, as text: to cast the rest, one bad row would end the statement.
select {store_id}::text  as store_id,
       {timestamp}::text as timestamp_utc,
       {status}::text    as status
from {table}
where ({timestamp} is null
       or {date} !~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'
       or {date} between {first_date} and {last_date})
  and {of_store}
