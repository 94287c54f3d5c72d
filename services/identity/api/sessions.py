"""Endpoints that the edge asks before anybody is known: signing in, sessions, and the credentials of programs."""

from fastapi import APIRouter, Request, status

from careconnect.auth import require
from services.identity import schemas, sign_in

router = APIRouter(tags=["sessions"], dependencies=[require("identity:authenticate")])


@router.post("/sessions", summary="Sign a person in", status_code=status.HTTP_201_CREATED)
async def begin_session(request: Request, told: schemas.SignIn) -> schemas.SignedIn:
    """Give a new session; the answer to a wrong password and to an unknown e-mail is one and the same."""
    return await sign_in.sign_in(request.app.state.database, told)


@router.post("/sessions/lookup", summary="Tell who asks in a session")
async def look_up_session(request: Request, told: schemas.TokenWrite) -> schemas.SessionInfo:
    """Compute the person's rights anew, so that a changed role or a deactivation counts at once."""
    return await sign_in.look_up(request.app.state.database, told.token)


@router.post("/sessions/ending", summary="End a session", status_code=status.HTTP_204_NO_CONTENT)
async def end_session(request: Request, told: schemas.TokenWrite) -> None:
    """End it; a repeat changes nothing."""
    await sign_in.end(request.app.state.database, told.token)


@router.post("/clients/authentication", summary="Tell which program some credentials are of")
async def authenticate_client(request: Request, told: schemas.ClientCredentials) -> schemas.ClientInfo:
    """Compare in constant time; an unknown client and a wrong secret get the same answer."""
    return await sign_in.authenticate_client(request.app.state.database, told)
