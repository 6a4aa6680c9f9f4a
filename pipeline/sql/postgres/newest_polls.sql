-- newest_polls: the newest polls whatever they are, to see why none is accepted; as text
select {store_id}::text                                                                    as store_id,
       coalesce(to_char(case when isfinite({timestamp}) then {in_utc} end, 'YYYY-MM-DD HH24:MI:SS.US'),
                {timestamp}::text)                                                         as timestamp_utc,
       {status}::text                                                                      as status
from {table}
order by {timestamp} desc nulls last
limit {number}
