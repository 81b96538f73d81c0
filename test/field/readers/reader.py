"""Prints each event as it is heard: "MS DATA", in milliseconds since the request. Usage: reader.py LIBRARY URL"""

import sys
import time

library, url = sys.argv[1:]


def read_requests_lines():
    import requests

    with requests.get(begin(), stream=True) as response:
        for line in response.iter_lines():
            hear(line)


def read_requests_content():
    import requests

    with requests.get(begin(), stream=True) as response:
        hear_parts(response.iter_content(None))


def read_httpx():
    import httpx

    with httpx.stream("GET", begin(), timeout=None) as response:
        for line in response.iter_lines():
            hear(line.encode())


def read_aiohttp():
    import asyncio

    import aiohttp

    async def read():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            async with session.get(begin()) as response:
                async for line in response.content:
                    hear(line)

    asyncio.run(read())


def read_urllib():
    import urllib.request

    with urllib.request.urlopen(begin()) as response:
        for line in response:
            hear(line)


def hear_parts(parts):
    text = b""
    for part in parts:
        *lines, text = (text + part).split(b"\n")
        for line in lines:
            hear(line)


def begin():
    """Called when the library is there, just before the request."""
    global began
    print("asks", flush=True)
    began = time.monotonic()
    return url


def hear(line):
    if line.startswith(b"data: "):
        print(round((time.monotonic() - began) * 1000), line[6:].decode().rstrip(), flush=True)


READERS = {
    "requests-lines": read_requests_lines,
    "requests-content": read_requests_content,
    "httpx": read_httpx,
    "aiohttp": read_aiohttp,
    "urllib": read_urllib,
}
READERS[library]()
