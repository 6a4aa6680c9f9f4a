"""Logs: one line an event, JSON for machines, columns on a terminal. Uvicorn, Litestar and psycopg log through it.

Traces are without the values of variables, among which there may be keys and passwords.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import psycopg
import structlog
from structlog import dev

LogFormat = Literal["json", "text"]
TRACES = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure(log_format: LogFormat) -> None:
    """Set up logging for this process, to stderr."""
    head: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: list[Any] = (
        [TRACES, structlog.processors.JSONRenderer()]
        if log_format == "json"
        else [dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=dev.plain_traceback)]
    )
    structlog.configure(
        processors=[*head, under_its_name, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),  # not through `logging`, which takes its time
        cache_logger_on_first_use=True,
    )
    lead_here([*head, structlog.stdlib.add_logger_name], rendered)


def under_its_name(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The part of the service that speaks, in the field in which libraries have their names; Stamina has none here."""
    event["logger"] = f"store_uptime.{event.pop('part', 'retries')}"
    return event


def lead_here(head: list[Any], rendered: list[Any]) -> None:
    """Have what libraries log look the same."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=head, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi", "litestar"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # that a connection was cut, whoever cut it says
    logging.getLogger("psycopg.pool").setLevel(logging.INFO)
    logging.getLogger("psycopg.pool").addFilter(FailedConnections())


class FailedConnections(logging.Filter):
    """Lets through why connections fail, once each time that changes: the pool logs every attempt, and much else."""

    _told = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is news."""
        # What failed comes as the error itself among the arguments; what the pool does besides comes without one.
        has_error = any(isinstance(each, psycopg.Error) for each in record.args or ())
        news = record.getMessage()
        if news == self._told or not has_error:
            return False
        self._told = news
        return True


def listening(url: str) -> None:
    """Say where the service is."""
    structlog.get_logger(part="server").info("listening", url=url)
