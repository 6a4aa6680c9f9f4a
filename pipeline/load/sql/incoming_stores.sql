-- incoming_stores: where the rows of stores wait, each with the number of its file; meanwhile no other load may write the
-- table, and everyone may read
lock table stores in share row exclusive mode;
create temp table incoming ({columns}, file_number int4) on commit drop;
