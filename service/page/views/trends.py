"""How uptime went from report to report, and what the week of each group was like."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from store_uptime.service.backend.backend import Backend
from store_uptime.service.page.models import groups as group_models, trends as trend_models
from store_uptime.service.page.models.trends import Range, Window
from store_uptime.service.page.views.rendering import render
from store_uptime.service.routes.caller import Caller

MOST_ATTRIBUTES = 3
