"""The running instance that is measured: how to reach it, and what its parts use."""

import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

PARTS = ("edge", "worker", "temporal", "postgres")


def data_dir() -> Path:
    """Give the instance's data folder."""
    return Path(os.environ["CARECONNECT_DATA_DIR"])


def credentials() -> dict[str, Any]:
    """Read how to sign in."""
    found: dict[str, Any] = json.loads((data_dir() / "credentials.json").read_text())
    return found


@asynccontextmanager
async def api() -> AsyncIterator[httpx.AsyncClient]:
    """Open a client on the REST contract, with an access token."""
    known = credentials()
    client = known["api_client"]
    async with httpx.AsyncClient(base_url=known["urls"]["web"], timeout=60) as http:
        answer = await http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(client["client_id"], client["client_secret"]),
        )
        answer.raise_for_status()
        http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield http


@asynccontextmanager
async def signed_in() -> AsyncIterator[httpx.AsyncClient]:
    """Open a client on the pages, signed in as the administrator."""
    known = credentials()
    async with httpx.AsyncClient(base_url=known["urls"]["web"], timeout=60, follow_redirects=True) as http:
        page = await http.get("/sign-in")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        form = known["admin"] | ({"csrf_token": token.group(1)} if token else {})
        (await http.post("/sign-in", data=form)).raise_for_status()
        yield http


def cpu() -> dict[str, float]:
    """Read the processor seconds that each part has used so far, its children included; the workers are one."""
    parts = json.loads((data_dir() / "runtime.json").read_text())["parts"]
    used = dict.fromkeys(PARTS, 0.0)
    for name, part in parts.items():
        used[name.partition("_")[0]] += _seconds(part["process"]["pid"])
    return used


def memory() -> dict[str, float]:
    """Read the megabytes that each part holds (proportional share of what is shared)."""
    parts = json.loads((data_dir() / "runtime.json").read_text())["parts"]
    found = {}
    for name, part in parts.items():
        members = _family(part["process"]["pid"])
        found[name] = sum(_held(member) for member in members) / 1e6
    return found


def _held(member: psutil.Process) -> float:
    try:
        return float(member.memory_full_info().pss)
    except psutil.NoSuchProcess:  # a connection's process that has just ended
        return 0.0


def _seconds(pid: int) -> float:
    total = 0.0
    for member in _family(pid):
        times = member.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _family(pid: int) -> list[psutil.Process]:
    head = psutil.Process(pid)
    return [head, *head.children(recursive=True)]
