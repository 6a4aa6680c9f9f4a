-- some_numbers: some values of a column of numbers, whichever come first, to see what they count
select {column}::text
from {table}
where {column} is not null
limit 1000
