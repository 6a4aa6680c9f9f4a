-- around:   the business intervals that their own polls do not wholly cover, with the nearest polls of other intervals
-- needs:    intervals, polled
-- gives:    store, open_us, until_us (the closing, or now), first_us, last_us (of its own evidence; null: none),
--           earlier_us, earlier_active (the newest evidence of any interval before it), later_us, later_active (the
--           oldest of any after it); unique on store, open_us
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rules 3 and 5
--
-- Most stores have polls near enough in every interval: their rows are dropped before the windows order anything.
create or replace temp table around as
with covered as (
    select store,
           open_us,
           close_us,
           first_us,
           first_active,
           last_us,
           last_active,
           first_us - max_gap_us() <= open_us
               and last_us + max_gap_us() >= least(close_us, now_us()) as wholly  -- null without evidence
    from intervals
    left join polled using (store, open_us)
),
partly as (
    select distinct store
    from covered
    where wholly is not true
),
surrounded as (
    select store,
           open_us,
           close_us,
           first_us,
           last_us,
           wholly,
           last_value(last_us ignore nulls) over earlier     as earlier_us,
           last_value(last_active ignore nulls) over earlier as earlier_active,
           first_value(first_us ignore nulls) over later     as later_us,
           first_value(first_active ignore nulls) over later as later_active
    from covered
    semi join partly using (store)
    window earlier as (partition by store order by open_us rows between unbounded preceding and 1 preceding),
           later as (partition by store order by open_us rows between 1 following and unbounded following)
)
select store,
       open_us,
       least(close_us, now_us()) as until_us,
       first_us,
       last_us,
       earlier_us,
       earlier_active,
       later_us,
       later_active
from surrounded
where wholly is not true;
