-- first_rows: some columns of some rows, as text
select {columns}
from {table}
limit {rows}
