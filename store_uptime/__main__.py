"""The command, as `python -m store_uptime`."""

from store_uptime.service.__main__ import main

if __name__ == "__main__":
    main()
