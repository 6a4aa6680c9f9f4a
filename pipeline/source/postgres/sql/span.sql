-- span: the oldest and the newest time within the calendar
select min({in_utc}),
       max({in_utc})
from {table}
where {timestamp} > {beginning} and {timestamp} < {end}
