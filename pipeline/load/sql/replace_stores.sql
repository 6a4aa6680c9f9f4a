-- replace_stores: the stores that are incoming, or all, give way; how many by file, those in no file at the first
with gone as (
    delete from stores
    where %(all_stores)s or store_id in (select store_id from incoming)
    returning store_id
)
select coalesce(file_number, 0), count(*)
from gone
left join incoming using (store_id)
group by 1
