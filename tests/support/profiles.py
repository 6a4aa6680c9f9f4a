"""How many made-up examples a property gets: few and always the same in `ci`, many and new ones in `nightly`.

Which of them it is says pytest's option --hypothesis-profile; `ci` where nothing says it.
"""

from hypothesis import HealthCheck, settings

TIMES = {"ci": 1, "nightly": 25}
PATIENT = settings(
    deadline=None,  # a machine may be busy
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.register_profile("ci", PATIENT, derandomize=True)
settings.register_profile("nightly", PATIENT, derandomize=False)
settings.load_profile("ci")


def examples(number: int) -> settings:
    """So many of them, or as many times more as the profile says."""
    return settings(max_examples=number * TIMES[settings.get_current_profile_name()])
