"""A service that is awake: passed on, redirected to, and never seen to break off where that can be helped."""

import asyncio
import sys
from dataclasses import replace

from tests.front.conftest import ANY_PORT, BROWSER, PROGRAM, Site, make_service, open_site, read
from tests.upstream.wire import ask, head
from wakeproxy.core.service import Address, Serve
from wakeproxy.sandbox import Sandbox
from wakeproxy.settings import AdminSettings


async def test_an_awake_app_is_passed_on_without_a_word_of_ours(site: Site) -> None:
    await site.wake("shop")

    answer = await site.ask("shop", "/api/echo?x=1", *BROWSER)

    assert (answer.status, read(answer)["query"]) == (200, "x=1")
    assert answer["Server"] == "wakeproxy-app"
    assert not [name for name, _ in answer.fields if name.lower().startswith("wakeproxy")]
    assert "Content-Security-Policy" not in answer


async def test_what_is_nobodys_visit_passes_to_an_awake_app(site: Site) -> None:
    await site.wake("shop")

    head = await site.ask("shop", "/api/bytes?count=5", *PROGRAM, method="HEAD")
    robots = await site.ask("shop", "/robots.txt", *BROWSER)
    checker = await site.ask("shop", "/healthz", "User-Agent: ELB-HealthChecker/2.0")

    assert (head.status, head["Content-Length"]) == (200, "5")
    assert b"I am awake" in robots.body
    assert checker.body == b"ok\n"


async def test_what_is_nobodys_visit_is_no_use_of_an_awake_app(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, make_service("shop"), admin=AdminSettings(ANY_PORT)) as site:

        async def used_at() -> str:
            """When it was last used, once nobody is at it."""
            assert site.admin
            told = {"in_flight": 1}
            while told["in_flight"]:
                told = read(await ask(site.admin, head("GET /api/services/shop HTTP/1.1", "Host: localhost")))
            return str(told["last_used_at"])

        await site.wake("shop")
        before = await used_at()
        for fields, method in (
            (PROGRAM, "HEAD"),
            (("User-Agent: Googlebot",), "GET"),
            ((*BROWSER, "Purpose: prefetch"), "GET"),
        ):
            assert (await site.ask("shop", "/", *fields, method=method)).status == 200
        assert await used_at() == before

        await site.ask("shop", "/", *BROWSER)
        assert await used_at() > before


async def test_a_task_that_is_replaced_costs_no_request(site: Site) -> None:
    await site.wake("shop")
    first = read(await site.ask("shop", "/api/echo"))["pid"]
    statuses: list[int] = []
    pids = [first]

    async def visit() -> None:
        while pids[-1] == first or len(statuses) < 100:
            answer = await site.ask("shop", "/api/echo", *PROGRAM)
            statuses.append(answer.status)
            if answer.status == 200:
                pids.append(read(answer)["pid"])

    async with asyncio.timeout(60):
        visits = asyncio.gather(*(visit() for _ in range(4)))
        await asyncio.to_thread(site.sandbox.replace_task, "apps", "shop")
        await visits

    assert set(statuses) == {200}
    assert site.wakes() == 1


BREAKER = """
import collections, http.server, json
hits = collections.Counter()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        hits[self.command] += self.path == "/break"
        if self.path == "/break":
            self.close_connection = True
            return
        body = json.dumps(hits).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


async def test_an_app_that_breaks_off_is_asked_again_only_where_that_is_safe(sandbox: Sandbox) -> None:
    sandbox.create_service("shop", command=[sys.executable, "-c", BREAKER])
    async with open_site(sandbox, make_service("shop")) as site:
        await site.wake("shop")
        get = await site.ask("shop", "/break", *PROGRAM)
        post = await site.ask("shop", "/break", *PROGRAM, method="POST", body=b"once")
        page = await site.ask("shop", "/break", *BROWSER)
        other = await site.ask("shop", "/", *BROWSER)

    assert (get.status, post.status, page.status) == (502, 502, 502)
    assert read(post)["detail"] == (
        "The app broke off before it answered. The request may have reached it and was not sent again."
    )
    assert page["Content-Type"].startswith("text/html")
    assert (get["Wakeproxy-Phase"], other.status) == ("AWAKE", 200), "it serves its other visitors as before"
    assert read(other) == {"GET": 4, "POST": 1}


async def test_an_app_that_is_gone_shows_its_visitors_the_wait_page(site: Site) -> None:
    await site.wake("shop")

    await asyncio.to_thread(site.sandbox.replace_task, "apps", "shop")
    async with asyncio.timeout(60):
        heard = [await site.ask("shop", "/", *BROWSER)]
        while heard[-1].status != 503:
            heard.append(await site.ask("shop", "/", *BROWSER))

    answer = heard[-1]
    under_way = [each for each in heard if each.status not in {200, 503}]
    assert len(under_way) <= 1
    assert all(each.status == 502 and b"broke off" in each.body for each in under_way), "he is told what happened"
    assert (answer.status, answer["Wakeproxy-Phase"]) == (503, "WAKING")
    assert answer["Content-Type"].startswith("text/html")
    await site.until_phase("shop", "AWAKE")


TARGETS = ["/a/b?x=1&y=%2F", "//evil.test/x", "/\\evil.test", "/.evil.test:80@x", "/?"]


async def test_a_redirect_leads_to_the_task_whatever_the_path_and_query(sandbox: Sandbox) -> None:
    sandbox.create_service("shop", public=True)
    shop = make_service("shop", serve=Serve.REDIRECT, address=Address.PUBLIC)
    async with open_site(sandbox, shop) as site:
        answers = {target: await site.ask("shop", target, *PROGRAM) for target in TARGETS}

    (task,) = sandbox.tasks("apps", "shop")
    for target, answer in answers.items():
        assert answer.status == 307
        assert answer["Location"] == f"http://{task.public_ip}:8080{target}"
        assert answer["Cache-Control"] == "no-store"
        assert (answer["Wakeproxy-Phase"], answer["Server"]) == ("AWAKE", "wakeproxy")
        assert answer.body == b""


async def test_a_redirect_leads_where_the_service_is_said_to_be_found(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    shop = make_service("shop", serve=Serve.REDIRECT, redirect_to="https://app.example.com")
    async with open_site(sandbox, shop) as site:
        answers = [await site.ask("shop", target, *PROGRAM) for target in ("/a?x=1", "/.evil.test/")]

    assert [answer["Location"] for answer in answers] == [
        "https://app.example.com/a?x=1",
        "https://app.example.com/.evil.test/",
    ]


async def test_a_service_without_a_public_address_says_what_to_set(sandbox: Sandbox) -> None:
    sandbox.create_service("shop", public=False)
    shop = make_service("shop", serve=Serve.REDIRECT, address=Address.PUBLIC)
    async with open_site(sandbox, shop) as site:
        answer = await site.ask("shop", "/", *PROGRAM)

    assert answer.status == 503
    assert read(answer)["detail"] == "The task has no public address, but wakeproxy is told to use one."
    assert "assignPublicIp" in read(answer)["remedy"]


async def test_two_services_share_a_host_by_path(sandbox: Sandbox) -> None:
    sandbox.create_service("web", environment={"NAME": "Web"})
    sandbox.create_service("api")
    web = make_service("web")
    api = replace(make_service("api"), hosts=web.hosts, path="/api")
    async with open_site(sandbox, web, api) as site:
        told = read(await site.ask("web", "/api/echo"))
        page_of_web = await site.status("web")
        asked = await site.ask("web", "/.wakeproxy/status?path=/api/echo")
        neighbour = await site.ask("web", "/apiary", *BROWSER)

    assert told["path"] == "/api/echo"
    assert (page_of_web["service"], page_of_web["phase"]) == ("web", "ASLEEP")
    assert (read(asked)["service"], read(asked)["phase"]) == ("api", "AWAKE")
    assert neighbour["Wakeproxy-Service"] == "web"
