-- some_polls: any polls whose time is text, to find out why none is accepted
select {store_id}::text  as store_id,
       {timestamp}::text as timestamp_utc,
       {status}::text    as status
from {table}
limit {most}
