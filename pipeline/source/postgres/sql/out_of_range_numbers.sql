-- out_of_range_numbers: the same where times are whole numbers
select {store_id}::text  as store_id,
       {utc_text}        as timestamp_utc,
       {status}::text    as status
from {table}
where ({timestamp} is null or {timestamp} > {ahead} or {timestamp} < {calendar_start} or {timestamp} >= {calendar_end})
  and {of_store}
