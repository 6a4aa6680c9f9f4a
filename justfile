# what can be done here
default:
    @{{just_executable()}} --list --unsorted

# sample data, a real PostgreSQL server, the service, a report over HTTP; serves until Ctrl-C (--once: ends by itself)
demo *ARGS:
    uv run store-uptime demo {{ARGS}}

# the service, over DATABASE_URL or the built-in server
serve *ARGS:
    uv run store-uptime serve {{ARGS}}

# the tests, the long ones aside
test *ARGS:
    uv run pytest {{ARGS}}

# the tests that take minutes
test-long *ARGS:
    uv run pytest -m long {{ARGS}}

# 300 reports while workers, servers and the database are killed at random
chaos *ARGS:
    CHAOS_REPORTS=300 uv run pytest -n 0 -s -m long tests/service/test_chaos.py {{ARGS}}

# lint, format and types, changing nothing
lint:
    uv run ruff check .
    uv run ruff format --check .
    uv run pyrefly check

# put into shape what lint would complain about, as far as that goes by itself
format:
    uv run ruff check --fix .
    uv run ruff format .

# how fast a report and a load are, against straight scripts on the same data
bench *ARGS:
    uv run python -m benches.report {{ARGS}}
    uv run python -m benches.load {{ARGS}}

# the benchmarks on small data, so that they stay true: figures checked, nothing timed
bench-smoke:
    uv run python -m benches.report --smoke
    uv run python -m benches.load --smoke
    uv run python -m benches.large --smoke
    uv run python -m benches.service --smoke
    uv run python -m benches.page --smoke

# the same report written by hand in other ways, beside ours; installs what it compares with
bench-peers *ARGS:
    uv run --group bench python -m benches.peers {{ARGS}}

# the cost of a poll as their number grows
bench-growth *ARGS:
    uv run python -m benches.growth {{ARGS}}

# how quick the service answers while reports run
bench-service *ARGS:
    uv run python -m benches.service {{ARGS}}

# how soon the page can be read and scrolled with 10 000 stores; needs a Chromium
bench-page *ARGS:
    uv run python -m benches.page {{ARGS}}

# 38 million polls from Parquet
bench-large *ARGS:
    uv run python -m benches.large {{ARGS}}

# the pictures of docs/page.md; needs a Chromium
pictures:
    uv run python -m docs.pictures

# the pinned versions of what is needed, with hashes and without addresses
lock:
    uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet --output-file requirements.lock
