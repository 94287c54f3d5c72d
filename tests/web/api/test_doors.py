"""What the doors of the edge do for requests that go wrong, or come from somebody who tries things."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.service import Requests, answer_with_problems
from tests.web.conftest import problem
from web.edge import CALLERS, Callers, Limits, SecurityHeaders
from web.guessing import Guesses
from web.session import caller

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


def answering(status: int) -> Asgi:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(status_code=status)(scope, receive, send)

    return answer


def browser(app: Asgi, address: str = "192.0.2.7") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(address, 1)), base_url="http://edge.test")


async def test_a_fault_is_answered_with_its_request_id_and_the_headers_of_every_answer() -> None:
    app = FastAPI()

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError

    answer_with_problems(app)
    app.add_middleware(SecurityHeaders, https=False)
    app.add_middleware(Requests, name="edge")
    async with browser(app) as http:
        answer = await http.get("/broken", headers={"x-request-id": "0b7e57"})
    problem(answer, 500, "internal")
    assert answer.headers["x-request-id"] == "0b7e57"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.fixture
def counting(edge: FastAPI) -> FastAPI:
    """Make an application behind the edge's door that lets each caller in twice a second."""
    app = FastAPI()
    app.state.access_tokens, app.state.callers = edge.state.access_tokens, Callers(2)

    @app.get("/")
    async def mine(actor: Annotated[Actor, Depends(caller)]) -> str:
        return str(actor.id)

    answer_with_problems(app)
    return app


async def test_two_tokens_of_one_client_share_a_limit_and_others_are_served(counting: FastAPI, edge: FastAPI) -> None:
    client, other = (
        Actor(id=uuid7(), tenant_id=uuid7(), kind="client", scopes=frozenset({"patients:read"})) for _ in range(2)
    )
    sign = edge.state.access_tokens.sign
    tokens = [sign(client), sign(client)]
    assert tokens[0] != tokens[1]
    async with browser(counting) as http:
        answers = [
            await http.get("/", headers={"authorization": f"Bearer {tokens[number % 2]}"}) for number in range(16)
        ]
        refused = [one for one in answers if one.status_code == 429]
        problem(refused[0], 429, "rate_limited")
        assert refused[0].headers["retry-after"] == "1"
        assert (await http.get("/", headers={"authorization": f"Bearer {sign(other)}"})).status_code == 200


async def test_a_token_that_is_not_ours_is_nobody_and_counts_for_nobody(counting: FastAPI) -> None:
    async with browser(counting) as http:
        answers = [await http.get("/", headers={"authorization": f"Bearer {number}"}) for number in range(8)]
    assert {one.status_code for one in answers} == {401}
    assert counting.state.callers.known == 0


async def test_who_says_nothing_of_who_they_are_may_send_as_much_as_one_caller() -> None:
    async with browser(Limits(answering(200), body_bytes=1000, per_second=2)) as http:
        answers = [await http.get("/") for _ in range(8)]
    assert 429 in {one.status_code for one in answers}


async def test_who_makes_up_a_token_for_each_request_is_one_address_after_all() -> None:
    limited = Limits(answering(200), body_bytes=1000, per_second=1)
    async with browser(limited) as http:
        answers = [await http.get("/", headers={"authorization": f"Bearer {number}"}) for number in range(CALLERS * 3)]
    assert 429 in {one.status_code for one in answers}


@pytest.mark.parametrize("door", ["/sign-in", "/oauth/token"])
async def test_an_address_that_fails_to_sign_in_again_and_again_has_to_wait(door: str) -> None:
    """Other addresses, and what the same address does elsewhere, go on."""
    guarded = Guesses(answering(401), allowed=3)
    async with browser(guarded) as http, browser(guarded, "192.0.2.8") as other:
        assert [(await http.post(door)).status_code for _ in range(4)] == [401, 401, 401, 429]
        refused = await http.post(door)
        problem(refused, 429, "rate_limited")
        assert 0 < int(refused.headers["retry-after"]) <= 900
        assert (await http.get(door)).status_code == 401
        assert (await http.post("/patients")).status_code == 401
        assert (await other.post(door)).status_code == 401


async def test_who_signs_in_well_never_waits_and_the_rule_can_be_switched_off() -> None:
    async with browser(Guesses(answering(204), allowed=1)) as http:
        assert {(await http.post("/sign-in")).status_code for _ in range(5)} == {204}
    async with browser(Guesses(answering(401), allowed=0)) as http:
        assert {(await http.post("/sign-in")).status_code for _ in range(5)} == {401}
