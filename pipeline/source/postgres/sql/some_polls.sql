-- some_polls: polls whose time is text, whichever come first, to see why none is accepted
select {store_id}::text  as store_id,
       {timestamp}::text as timestamp_utc,
       {status}::text    as status
from {table}
limit {most}
