-- replaced: rows of hours or zones that give way to those of a file
delete from {table}
where %(all_stores)s or store_id in (select store_id from incoming)
