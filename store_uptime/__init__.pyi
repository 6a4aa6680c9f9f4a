"""What users of the package need, each name with its home: docs/python.md."""

from .pipeline.build import (
    build_outages as build_outages,
    build_periods as build_periods,
    build_report as build_report,
    build_report_with_lanes as build_report_with_lanes,
)
from .pipeline.embedded.server import embedded_server as embedded_server
from .pipeline.errors import NoPolls as NoPolls, StoreUptimeError as StoreUptimeError, UnknownStore as UnknownStore
from .pipeline.load.load import load_files as load_files
from .pipeline.mapping.mapping import SourceMapping as SourceMapping
from .pipeline.mapping.mapping_file import read_mapping as read_mapping
from .pipeline.options import Options as Options
from .pipeline.parts.cluster import Cluster as Cluster
from .pipeline.parts.cluster_tls import Tls as Tls
from .pipeline.periods import Period as Period
from .pipeline.report.overview.at_now import stores_at_now as stores_at_now
from .pipeline.report.overview.group_days import group_days as group_days
from .pipeline.report.overview.incidents import incidents as incidents
from .pipeline.report.overview.overview import Overview as Overview, overview as overview
from .pipeline.report.periods.period_report import PeriodReport as PeriodReport
from .pipeline.report.report import Report as Report
from .pipeline.report.timeline import Timeline as Timeline
from .pipeline.run import build_timeline as build_timeline, explain as explain
from .pipeline.sample.sample import write_sample as write_sample
from .pipeline.source import open_source as open_source
from .pipeline.source.frames import Frames as Frames
from .pipeline.source.protocol import Source as Source

__all__: list[str]
__version__: str
