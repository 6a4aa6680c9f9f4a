-- span: the oldest and the newest poll
select min({timestamp}) filter (where isfinite({timestamp})),
       max({timestamp}) filter (where isfinite({timestamp}))
from {table}
