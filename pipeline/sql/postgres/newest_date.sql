-- newest_date: the newest date that a text column of times begins with, up to a date
select max(left({timestamp}::text, 10) collate "C")
from {table}
where {timestamp}::text ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]' and left({timestamp}::text, 10) collate "C" <= {last_date}
