"""Logs: one line an event, JSON for machines, columns on a terminal. Uvicorn, Litestar and psycopg log through it."""

import logging
import sys
from typing import Literal

import psycopg
import structlog
from structlog import dev
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["json", "text"]
# Without the values of variables, among which there may be keys and passwords.
TRACES = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def one_line(text: str) -> str:
    """A text of several lines, for a field of the log."""
    return " ".join(text.split())


def configure(log_format: LogFormat) -> None:
    """Set up logging for this process, to stderr."""
    head: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: list[Processor] = (
        [TRACES, structlog.processors.JSONRenderer()]
        if log_format == "json"
        else [dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=dev.plain_traceback)]
    )
    structlog.configure(
        processors=[*head, set_logger_name, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),  # not through `logging`, which takes its time
        cache_logger_on_first_use=True,
    )
    redirect_logging([*head, structlog.stdlib.add_logger_name], rendered)


def set_logger_name(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    # In the field in which libraries have their names; Stamina logs its retries through structlog without a part.
    event["logger"] = f"store_uptime.{event.pop('part', 'retries')}"
    return event


def redirect_logging(head: list[Processor], rendered: list[Processor]) -> None:
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
    logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO a line for each request that it makes
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # that a connection was cut is logged by whoever cut it
    logging.getLogger("psycopg.pool").setLevel(logging.INFO)
    logging.getLogger("psycopg.pool").addFilter(FailedConnections())


class FailedConnections(logging.Filter):
    """Lets through why connections fail, once each time that changes: psycopg's pool logs every attempt."""

    _last = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is news."""
        news = record.getMessage()
        # What failed comes as a warning with the error itself among its arguments; of what the pool does besides, a
        # check that has failed comes with one too, at INFO.
        has_error = any(isinstance(each, psycopg.Error) for each in record.args or ())
        if news == self._last or not has_error or record.levelno < logging.WARNING:
            return False
        self._last = news
        return True


def log_listening(url: str) -> None:
    """Log the address of the service."""
    structlog.get_logger(part="server").info("listening", url=url)
