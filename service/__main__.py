"""`python -m service`: the command, where its script is not on the search path."""

from service.cli import main

if __name__ == "__main__":
    main()
