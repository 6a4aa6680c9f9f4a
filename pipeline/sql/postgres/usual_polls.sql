-- usual_polls: the polls of the horizon in three narrow columns; the status is null where it is not one of two words
select {store_id}::text                                                            as store_id,
       {timestamp}                                                                 as timestamp_utc,
       case {status}::text when 'active' then true when 'inactive' then false end  as status
from {table}
where {timestamp} between {start} and {now} and {of_store}
