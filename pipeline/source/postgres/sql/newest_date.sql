-- newest_date: the newest date that a text column of times begins with, up to a date
select max({date})
from {table}
where {trimmed} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]' and {date} <= {last_date}
