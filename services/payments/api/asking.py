"""Who may ask, and the parameters that several endpoints share."""

from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime

from careconnect.auth import Actor, require
from careconnect.money import Currency

Reader = Annotated[Actor, require("payments:read")]
Writer = Annotated[Actor, require("payments:write")]
Refunder = Annotated[Actor, require("payments:refund")]
Manager = Annotated[Actor, require("gateways:manage")]
Discounter = Annotated[Actor, require("payments:discount")]
Operator = Annotated[Actor, require("console:operate")]

Since = Annotated[AwareDatetime | None, Query(alias="from", description="not before this instant")]
Until = Annotated[AwareDatetime | None, Query(alias="to", description="before this instant")]
InCurrency = Annotated[Currency | None, Query(description="ISO 4217; without it, all of them")]
OneCurrency = Annotated[Currency | None, Query(description="ISO 4217; without it, that of the newest invoice")]
