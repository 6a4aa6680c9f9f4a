-- newest_number: the newest time that is a number, up to a number
select max({number})
from {table}
where {number} between {calendar_start} and {last}
