"""Reports: the figures of a day, a week, a month or any days, as charts that are tables too, and as CSV."""

from web.pages.reports.show import router

__all__ = ["router"]
