-- create_stores: the table of stores as `load` makes it; an attribute is a further column
create table if not exists stores (
    store_id text primary key check (store_id <> ''),
    name     text
);
comment on table stores is 'made by store-uptime load: stores';
