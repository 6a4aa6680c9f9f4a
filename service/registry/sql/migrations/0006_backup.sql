-- A registry may be restored on another server, where the numbers of our transactions are those of anybody: each is kept
-- with the start of the server that gave it, and only those of this start say anything.
alter table store_uptime.own_transaction add column server_start timestamptz;
alter table store_uptime.own_transaction alter server_start set default pg_postmaster_start_time();

create or replace function store_uptime.same_data(earlier text, later text) returns boolean
language plpgsql stable strict as $$
declare
    place  text        := split_part(earlier, ' ', 1);
    before pg_snapshot := split_part(earlier, ' ', 2);
    after  pg_snapshot := split_part(later, ' ', 2);
    first  bigint      := pg_snapshot_xmin(before)::text::bigint;
    beyond bigint      := pg_snapshot_xmax(after)::text::bigint;
begin
    if earlier = later then
        return true;
    end if;
    if place is distinct from split_part(later, ' ', 1)
       or split_part(place, '/', 1)::bigint <> (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint
       or beyond - first > 100000 then
        return false;
    end if;
    return not exists (
        select from generate_series(first, beyond - 1) as number
        where not pg_visible_in_snapshot(number::text::xid8, before)
          and pg_visible_in_snapshot(number::text::xid8, after)
          and not exists (
              select
              from store_uptime.own_transaction as own
              where own.xid = number::text::xid8 and own.server_start = pg_postmaster_start_time()
          )
    );
end
$$;
