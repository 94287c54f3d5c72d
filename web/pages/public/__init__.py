"""Pages for people without an account, by signed link: `/p/{purpose}/{token}`.

A module for each purpose. It takes its `Visitor` from `visiting(purpose, scopes...)`, and its forms carry the token in
their address, which is the proof that no other site can have sent them.
"""

from fastapi import APIRouter

from web.pages.public import appointment, calendar_file, checkout, choose, offer, pay

router = APIRouter(prefix="/p", include_in_schema=False)
for module in (appointment, calendar_file, checkout, choose, offer, pay):
    router.include_router(module.router)
