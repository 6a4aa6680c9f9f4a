-- some_numbers: any values of a column of numbers, to find out what they count
select {column}::text
from {table}
where {column} is not null
limit 1000
