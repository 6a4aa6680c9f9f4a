-- add_corrected_zones: the rows of a rejects file join those of their stores; a row that is there changes nothing
with new as materialized (
    select {columns}, file_number
    from incoming
    where not exists (
        select from timezones as present
        where present.store_id = incoming.store_id
          and present.timezone_str is not distinct from incoming.timezone_str
          and present.valid_from is not distinct from incoming.valid_from
          and present.valid_to is not distinct from incoming.valid_to
    )
),
added as (
    insert into timezones ({columns}) select {columns} from new
)
select file_number, count(*), 0
from new
group by file_number
