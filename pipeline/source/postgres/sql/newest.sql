-- newest: the newest poll up to an instant that would be accepted
-- With an index on the time the server reads it from its end, and stops at the first row that fits.
select {in_utc}
from {table}
where {timestamp} <= {ceiling}
  and {timestamp} > {beginning}
  and {store_id}::text <> ''
  and strpos({store_id}::text, {unreadable}) = 0
  and {is_status}
order by {timestamp} desc
limit 1
