-- incoming: where the files of a table wait until they are whole, each row with the number of its file; meanwhile no other
-- load may write the table, and everyone may read
lock table {table} in share row exclusive mode;
create temp table incoming on commit drop as select {columns}, 0 as file_number from {table} with no data;
