-- incoming: where a file waits until it is whole; meanwhile no other load may write the table, and everyone may read
lock table {table} in share row exclusive mode;
create temp table incoming on commit drop as select {columns} from {table} with no data;
