"""The errors of the service: drawn as they are, pickled and back, each with a sentence of its own."""

import pickle
from http import HTTPStatus

import pytest

from store_uptime.pipeline import StoreUptimeError
from store_uptime.service import errors
from store_uptime.service.errors import (
    CommandError,
    NotDelivered,
    RegistryUnreachable,
    ServiceError,
    public_message,
)
from store_uptime.service.errors.base import SENTENCES
from tests.support.error_trees import causes, drawn, example, missing_words

KINDS = (ServiceError, CommandError)
CAUSES = [cause for cause in causes(errors) if cause not in KINDS]
IN_OTHER_WORDS = {
    *(RegistryUnreachable, errors.NotDelivered, errors.NeverDelivered, errors.NotServing),
    errors.UnknownDestination,
}
"""Part of what they know is for the log alone, or for programs."""


@pytest.mark.parametrize("cause", CAUSES)
def test_an_error_survives_pickling(cause: type[StoreUptimeError]) -> None:
    error = example(cause)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause not in IN_OTHER_WORDS])
def test_an_error_says_its_facts_in_one_line(cause: type[StoreUptimeError]) -> None:
    error = example(cause)
    assert missing_words(error) == []
    assert str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("cause", CAUSES)
def test_no_sentence_has_its_full_stop_twice(cause: type[StoreUptimeError]) -> None:
    ended = {fact: "it is so." for fact in cause.facts if fact == "reason"}
    assert ".." not in str(example(cause).replace(**ended))


def test_the_tree_is_drawn_as_it_is() -> None:
    tree = drawn(errors)
    assert {name: parent for name, (parent, _) in tree.items()} == {
        cause.__name__: cause.__bases__[0].__name__ for cause in [*CAUSES, *KINDS]
    }


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if issubclass(cause, ServiceError)])
def test_the_tree_has_the_status_that_each_is_answered_with(cause: type[ServiceError]) -> None:
    _, (status, *_) = drawn(errors)[cause.__name__]
    assert HTTPStatus(int(status)) == cause.status


@pytest.mark.parametrize("cause", [cause for cause in SENTENCES if cause is not StoreUptimeError])
def test_callers_learn_what_is_wrong_with_a_cluster_and_not_where_it_is(cause: type[StoreUptimeError]) -> None:
    sentence = public_message(example(cause).replace(**dict.fromkeys(cause.facts, "tcp://inside:8786")))
    assert sentence != public_message(StoreUptimeError())
    assert "inside" not in sentence
    assert sentence.endswith(".")


def test_only_the_log_says_why_something_was_not_delivered() -> None:
    assert str(NotDelivered("it could not be reached", cause="10.0.0.1 refuses")) == "it could not be reached"
