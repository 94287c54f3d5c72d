"""The way in, and out."""

import pytest
from fastapi import FastAPI

from careconnect.auth import Actor
from tests.web.clinic import Clinic
from tests.web.pages.desk import HTMX, PASSWORD, Desk, Page, browser
from web.pages.screen import local

SCREENS = (
    "/",
    "/appointments",
    "/patients",
    "/consultants",
    "/billing",
    "/messages",
    "/attention",
    "/settings",
    "/search",
)


@pytest.mark.parametrize("path", [*SCREENS, "/appointments/new", "/patients/new", "/billing/payments/new"])
async def test_anonymous_may_not(edge: FastAPI, path: str) -> None:
    answer = await browser(edge).get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?back={path}")


async def test_a_wrong_password_is_said_in_the_form_and_the_address_stays(edge: FastAPI, clinic: Clinic) -> None:  # noqa: ARG001
    answer = await browser(edge).post("/sign-in", data={"email": "nobody@clinic.example", "password": "wrong"})
    page = Page(answer.text)
    assert answer.status_code == 401
    assert "do not belong together" in page.text
    assert page.form("/sign-in").fields["email"] == "nobody@clinic.example"
    assert page.form("/sign-in").fields["password"] == ""
    assert "set-cookie" not in answer.headers


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(edge: FastAPI, clinic: Clinic) -> None:
    desk = await Desk.open(edge, clinic, "owner")
    again = await desk.http.post("/sign-in", data={"email": "x@clinic.example", "password": PASSWORD})
    assert again.status_code == 401
    cookie = next(one for one in desk.http.cookies.jar if one.name == "careconnect_session")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite", "").lower() == "lax"


async def test_another_site_cannot_sign_anybody_in(edge: FastAPI) -> None:
    answer = await browser(edge).post(
        "/sign-in", data={"email": "a@b.example", "password": "x"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert "set-cookie" not in answer.headers or "careconnect_session" not in answer.headers["set-cookie"]


async def test_somebody_who_is_signed_in_goes_on(owner: Desk) -> None:
    answer = await owner.http.get("/sign-in", params={"back": "/patients?archived=true"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/patients?archived=true")


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "https://evil.example/", "evil", None])
def test_the_way_back_never_leaves_this_site(path: str | None) -> None:
    assert local(path) == "/"


async def test_signing_out_ends_the_session(edge: FastAPI, clinic: Clinic) -> None:
    desk = await Desk.open(edge, clinic, "front_desk")
    cookies = dict(desk.http.cookies)
    answer = await desk.send(await desk.read("/appointments"), "/sign-out")
    assert answer.headers["location"] == "/sign-in"
    desk.http.cookies.update(cookies)
    assert (await desk.http.get("/appointments")).status_code == 303


async def test_a_session_that_ended_asks_to_sign_in_above_what_was_typed(edge: FastAPI) -> None:
    answer = await browser(edge).post("/patients", data={"first_name": "Nimal"}, headers=HTMX)
    assert answer.status_code == 401
    assert (answer.headers["hx-retarget"], answer.headers["hx-reswap"]) == ("#dialogs", "beforeend")
    assert "what you typed is still there" in Page(answer.text).text


async def test_signing_in_again_hands_the_new_token_to_the_forms_that_wait(edge: FastAPI, clinic: Clinic) -> None:
    desk = await Desk.open(edge, clinic, "owner")
    email = (await desk.clinic.gateway.identity.staff((await _actor(desk)), limit=1)).items[0].email
    answer = await browser(edge).post("/sign-in", data={"email": email, "password": PASSWORD}, headers=HTMX)
    assert answer.status_code == 204
    assert '"signed-in": {"csrf": "' in answer.headers["hx-trigger"]


@pytest.mark.parametrize("path", ["/patients", "/consultants", "/appointments", "/billing/payments", "/location"])
async def test_nothing_changes_without_the_token_of_the_form(owner: Desk, path: str) -> None:
    answer = await owner.post(path, {"csrf_token": "another"}, script=True)
    assert answer.status_code == 403


async def _actor(desk: Desk) -> Actor:
    token = desk.http.cookies["careconnect_session"]
    return (await desk.clinic.gateway.identity.session(Actor.system("identity:authenticate"), token)).actor
