"""The command line and the HTTP service over `pipeline`."""

if __name__ != "store_uptime.service":
    raise ImportError("import it as store_uptime.service: under two names, each class would be there twice")
