"""Under which headings the help of a command lists its options, in this order, and how flags are shown."""

from cyclopts import Group, Parameter
from cyclopts.validators import all_or_none

INPUT = Group.create_ordered("What")
TIME = Group.create_ordered("Time")
OUTPUT = Group.create_ordered("Output")
LISTENING = Group.create_ordered("Listening")
TLS = Group.create_ordered("HTTPS", validator=all_or_none)
RUNS = Group.create_ordered("Reports")
KEEPING = Group.create_ordered("Keeping")
LIMITS = Group.create_ordered("Limits")
DELIVERY = Group.create_ordered("Delivery")
ENCRYPTION = Group.create_ordered("Encryption")
REGISTRY = Group.create_ordered("Registry")
LOG = Group.create_ordered("Log")
GENERAL = Group.create_ordered("Other", help="Any option may be a variable: --max-gap 2h is STORE_UPTIME_MAX_GAP=2h.")

FLAG = Parameter(negative="", show_default=False)
"""An option without a value: said or not said."""
