-- span: the oldest and the newest poll, but for what no calendar has
select min({in_utc}),
       max({in_utc})
from {table}
where {timestamp} > {beginning} and {timestamp} < {end}
