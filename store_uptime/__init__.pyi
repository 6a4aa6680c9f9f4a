"""What users of the package need, each name with its home: docs/python.md."""

from .pipeline.errors import StoreUptimeError as StoreUptimeError
from .pipeline.options import Options as Options
from .pipeline.report.report import Report as Report
from .pipeline.run import build_report as build_report
from .pipeline.source import open_source as open_source

__all__: list[str]
