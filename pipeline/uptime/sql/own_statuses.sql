-- own_statuses: the statuses of the report, kept while those that polls nearby speak for are computed
-- needs:    statuses
-- gives:    code, minute (of the week before now, 0 to 10079), status (0 closed, 1 up, 2 down, 3 unknown); unique on
--           code, minute
create or replace temp table own_statuses as
select code,
       minute,
       status
from statuses;
