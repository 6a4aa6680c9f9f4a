-- has_polled: whether any poll has this store id
select exists (select from {table} where {of_store})
