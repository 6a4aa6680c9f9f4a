-- carried:  the business intervals without evidence, each with the poll whose status it takes
-- needs:    intervals, polled
-- gives:    store, open_us, close_us, poll_us, active; none for a store without any evidence
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rule 3: the last before it, else the first after it
--
-- Most stores have evidence in every interval: these are left out before anything is ordered.
create or replace temp table carried as
with gaps as (
    select distinct store
    from intervals
    anti join polled using (store, open_us)
),
around as (
    select store,
           open_us,
           close_us,
           first_us is null                                  as unpolled,
           last_value(last_us ignore nulls) over earlier     as earlier_us,
           last_value(last_active ignore nulls) over earlier as earlier_active,
           first_value(first_us ignore nulls) over later     as later_us,
           first_value(first_active ignore nulls) over later as later_active
    from intervals
    semi join gaps using (store)
    left join polled using (store, open_us)
    window earlier as (partition by store order by open_us rows between unbounded preceding and 1 preceding),
           later as (partition by store order by open_us rows between 1 following and unbounded following)
)
select store,
       open_us,
       close_us,
       coalesce(earlier_us, later_us)         as poll_us,
       coalesce(earlier_active, later_active) as active
from around
where unpolled and coalesce(earlier_us, later_us) is not null;
