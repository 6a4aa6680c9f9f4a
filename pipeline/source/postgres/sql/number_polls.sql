-- number_polls: polls whose time is a decimal number, a float or text: those that may lie in a stretch of time, and
-- those whose time cannot be read
select {store_id}::text as store_id,
       {utc_text}       as timestamp_utc,
       {status}::text   as status
from {table}
where ({number} between {first} and {last}
       or {number} < {calendar_start}
       or {number} >= {calendar_end}
       or {number} is null and ({timestamp} is null
                                or {date} !~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'
                                or {date} between {first_date} and {last_date}))
  and {of_store}
