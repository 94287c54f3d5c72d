"""migrate, worker, web, service: the processes that an instance, or a cluster of containers, is made of."""

import asyncio
import functools
import importlib
from collections.abc import Callable
from typing import Annotated, Any

import typer

from careconnect.cli.options import Data, enter

SERVICE_PORT = 8000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(migrate)
    app.command()(worker)
    app.command()(web)
    app.command()(service)


def migrate(data: Data = None) -> None:
    """Bring every database to this version's schema."""
    enter(data)
    from careconnect import migrations  # noqa: PLC0415 - keeps `--help` quick
    from careconnect.config import Settings  # noqa: PLC0415 - the same

    asyncio.run(migrations.upgrade(Settings().database))


def worker(data: Data = None) -> None:
    """Run the Temporal worker."""
    enter(data)
    import worker as composition  # noqa: PLC0415 - the composition root, which nothing else imports

    composition.main()


def web(data: Data = None) -> None:
    """Run the edge: pages, REST and, unless they run elsewhere, the services."""
    enter(data)
    from careconnect.config import Settings  # noqa: PLC0415 - keeps `--help` quick

    settings = Settings()
    create = importlib.import_module("web.app").create
    _serve(functools.partial(create, settings), settings.web.host, settings.web.port)


def service(
    name: Annotated[str, typer.Argument(help="patients, consultants, appointments, ...")],
    port: Annotated[int, typer.Option(help="Where it listens.")] = SERVICE_PORT,
    host: Annotated[str, typer.Option(help="The address it listens on.")] = "127.0.0.1",
    data: Data = None,
) -> None:
    """Run one service alone over HTTP."""
    enter(data)
    from careconnect.config import SERVICES, Settings  # noqa: PLC0415 - keeps `--help` quick

    if name not in SERVICES:
        raise typer.BadParameter(f"there is no service {name}; there are {', '.join(SERVICES)}")
    create = importlib.import_module(f"services.{name}.app").create
    _serve(functools.partial(create, Settings()), host, port)


def _serve(create: Callable[[], Any], host: str, port: int) -> None:
    """Serve an application until SIGTERM, then let its requests end."""
    from careconnect import garbage  # noqa: PLC0415 - keeps `--help` quick
    from careconnect.serving import serve  # noqa: PLC0415 - the same

    app = create()
    garbage.calm()
    serve(app, host, port)
