"""Errors of requests about a report."""

from store_uptime.service.errors.base import ServiceError


class UnknownReport(ServiceError):
    """There has never been a report with this id."""

    status = 404
    message = "There is no report with this id."


class ReportRemoved(ServiceError):
    """The report was deleted, or is older than reports are kept."""

    status = 410  # Its id is kept: an old link learns that the report was there.
    message = "This report is not kept any more. Trigger a new one."


class ReportNotFinished(ServiceError):
    """The request needs the result, and there is none yet."""

    # Not 404 or 503: the address is right, and GET /reports/ID/events says when the report is complete.
    status = 409
    message = "This report is still running. Ask again when it is complete."


class ReportFailed(ServiceError):
    """The report failed, and has none. error: why, a sentence."""

    error: str

    status = 409
    message = "This report has no result: {error}"


class NotByPeriods(ServiceError):
    """The report is of the three windows, and has no such part. part: of a report by periods."""

    part: str

    status = 409
    message = "This report is of the last hour, day and week, and has no {part}. Trigger one with a period."


class NotOfWindows(ServiceError):
    """The report is by periods, and has no such part. part: of a report of the three windows."""

    part: str

    status = 409
    message = "This report is by periods, and has no {part}. Trigger one without a period."


class ReportTooOld(ServiceError):
    """A version that did not keep the course of each store's week has made the report. part: what needs that."""

    part: str

    status = 409
    message = "This report was made by an earlier version, which kept too little for its {part}. Trigger a new one."


class TablesNotEmpty(ServiceError):
    """Sample data would be mixed with existing data."""

    status = 409
    message = "There is data in these tables already. Sample data goes into a database without any."


class CannotLoadSample(ServiceError):
    """The database of the tables takes no sample data from this server."""

    status = 409
    message = (
        "The sample data could not be loaded: this server may not make or write the three tables in that database. "
        "Load data as a user who may: store-uptime load DIR --database ADDRESS."
    )


class ReportEncrypted(ServiceError):
    """The report is encrypted, and there is no key here to read it with."""

    status = 409
    message = (
        "This report is encrypted, and there is no key here to read it with. "
        "Whoever has its key can: store-uptime fetch ID --identity FILE."
    )


class ReportEncryptedToOthers(ReportEncrypted):
    """The keys that are here do not open the report."""

    message = (
        "This report is encrypted, with a key that is not here. "
        "Whoever has its key can: store-uptime fetch ID --identity FILE."
    )


class EncryptedReportDamaged(ReportEncrypted):
    """A stored encrypted report is damaged; no key opens it."""

    message = "What is kept of this report is damaged: it cannot be decrypted. Trigger a new one."


class IdempotencyKeyReused(ServiceError):
    """The idempotency key was used for another request."""

    # draft-ietf-httpapi-idempotency-key-header, section 2.7, asks for 422 here.
    status = 422
    message = "This Idempotency-Key was used with another body. Use a new key for a new request."
