-- add_columns: the optional columns, to tables that an earlier version has made
-- Only where one is missing: to alter a table waits for all who read it, and keeps them waiting until the load is done.
do $$
declare
    missing record;
begin
    for missing in
        select column_of.*
        from (values ('store_status', 'reason', 'text'),
                     ('menu_hours', 'valid_from', 'date'),
                     ('menu_hours', 'valid_to', 'date check (valid_from < valid_to)'),
                     ('timezones', 'valid_from', 'date'),
                     ('timezones', 'valid_to', 'date check (valid_from < valid_to)')) as column_of (table_name, name, type)
        where not exists (
            select from pg_attribute
            where attrelid = to_regclass(table_name) and attname = column_of.name and not attisdropped
        )
    loop
        execute format('alter table %I add column %I %s', missing.table_name, missing.name, missing.type);
    end loop;
end
$$
