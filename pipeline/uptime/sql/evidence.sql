-- evidence: the stores that have a poll in business time, anywhere in the horizon
-- needs:    slices (see `positions.slices`)
-- gives:    code; unique on code
-- meaning:  docs/semantics.md, "Evidence and extrapolation", rule 4
create or replace temp view evidence as
select distinct code_of(open_at) as code
from slices
where polls > 0;
