-- newest_polls: the newest polls, accepted or not, to find out why none is accepted; as text
select {store_id}::text as store_id,
       {any_text}       as timestamp_utc,
       {status}::text   as status
from {table}
order by {timestamp} desc nulls last
limit {most}
