# arguments reach a command as they were typed, quotes and all
set positional-arguments

# imports take two to three times as long where nothing is compiled, and some machines forbid to keep what was
export UV_COMPILE_BYTECODE := "1"
export PYTHONDONTWRITEBYTECODE := ""

# what somebody has put before our packages, or changes what Python does, is not meant for us
unexport PYTHONPATH
unexport PYTHONWARNINGS
unexport PYTHONOPTIMIZE
unexport PYTHONDEVMODE
unexport PYTHONINSPECT

# what can be done here
default:
    @{{just_executable()}} --list --unsorted

# sample data, a real PostgreSQL server, the service, a report over HTTP; serves until Ctrl-C (--once: ends by itself)
demo *ARGS:
    uv run store-uptime demo "$@"

# the service, over DATABASE_URL or the built-in server
serve *ARGS:
    uv run store-uptime serve "$@"

# the tests; those that take a while aside, unless they are asked for: -m "not nightly" is what CI runs
test *ARGS:
    uv run pytest "$@"

# which lines and branches no test reaches, of both packages, in processes of theirs too; the tests of pipeline, or those named
coverage *ARGS:
    uv run pytest --cov --cov-report=term-missing "${@:-tests/pipeline}"

# the tests marked `anywhere` as another user, in a closed folder, among strange variables
test-elsewhere:
    .ci/elsewhere

# 300 reports while workers, servers and the database are killed at random, and others while all that can hang does
chaos *ARGS:
    uv run pytest -n 0 -s -m nightly tests/service/chaos/test_chaos.py tests/service/chaos/test_faults.py "$@"

# all that takes too long for CI, and in the end what was run and how long it took
nightly:
    .ci/nightly

# whether a test notices each slip in calendar, zones, line, polls, sums, stage, week, figures, or those that are named; minutes
mutants *AREAS:
    UV_PROJECT_ENVIRONMENT=.venv-mutants uv run --group mutants python -m tests.mutation "$@"

# lint, format, types, and who may import whom, changing nothing
lint:
    uv run ruff check .
    uv run ruff format --check .
    uv run lint-imports --no-logo
    uv run pyrefly check

# put into shape what lint would complain about, as far as that goes by itself
format:
    uv run ruff check --fix .
    uv run ruff format .

# read what is damaged at random, for ten minutes or so many seconds; --seed, --case, --only repeat what was found
fuzz *ARGS:
    uv run python -m tests.fuzz "$@"

# how fast we are beside other ways to the same, and whether the targets are met; all of it, or the rows that are named
bench *ARGS:
    uv run python -m benches "$@"

# the same with 187 million polls; needs 2 GB of disk, and most of an hour
bench-huge *ARGS:
    uv run python -m benches huge huge_parts --times 2 "$@"

# what is measured most, on small data, so that it stays true: figures checked, nothing judged; the others are nightly's
bench-smoke:
    uv run python -m benches --smoke
    uv run python -m benches huge huge_parts --smoke
    uv run python -m benches.load --smoke
    uv run python -m benches.service --smoke

# a load of 5 million polls beside a bare COPY
bench-load *ARGS:
    uv run python -m benches.load "$@"

# the cost of a poll as their number grows
bench-growth *ARGS:
    uv run python -m benches.growth "$@"

# a report of a thousand million polls, which it writes into a folder or a bucket first; needs 35 GB there
bench-lake *ARGS:
    uv run python -m benches.lake "$@"

# how quick the service answers while reports run
bench-service *ARGS:
    uv run python -m benches.service "$@"

# whether a service grows in half an hour: memory, threads, descriptors, rows
soak *ARGS:
    uv run python -m benches.soak "$@"

# how soon the page can be read and scrolled with 10 000 stores; needs a Chromium
bench-page *ARGS:
    uv run python -m benches.page "$@"

# the answers of docs/api.md
answers:
    uv run python -m docs.answers

# what short scripts get wrong: the table of README.md
simple-scripts:
    uv run python -m docs.simple_scripts

# the pictures of README.md and docs/page.md; needs a Chromium
pictures:
    uv run python -m docs.pictures

# the pinned versions of what is needed, with hashes and without addresses
lock:
    uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet --output-file requirements.lock
