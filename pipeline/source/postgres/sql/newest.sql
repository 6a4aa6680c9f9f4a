-- newest: the newest acceptable poll up to an instant
select {in_utc}
from {table}
where {timestamp} <= {ceiling}
  and {timestamp} > {beginning}
  and {store_id}::text <> ''
  and strpos({store_id}::text, {unreadable}) = 0
  and {is_status}
order by {timestamp} desc
limit 1
