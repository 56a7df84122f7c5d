"""Machines that ask on their own, known by their user agents: health checkers, monitors, crawlers, link previews.

A user agent is a hint, not a lock: who lies about it is taken for a visitor, and public sites additionally want
``wake_on: click``. Programs that people or other programs run (curl, Playwright, an API's client) are visitors.

Names are taken from what each machine's makers document. ``Amazon CloudFront`` is left out on purpose: CloudFront puts
it in place of every visitor's own unless told to forward that (CloudFront developer guide, "User-Agent header"), so
ignoring it would ignore everybody.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

_MOST_READ = 512
"""Characters; no honest name stands behind them, and what is remembered stays small whatever is sent."""


class Rule(StrEnum):
    """Why a request is nobody's visit: it neither wakes nor counts as use."""

    HEAD = "head"
    OPTIONS = "options"
    PREFETCH = "prefetch"
    PATH = "path"
    OWN_PATH = "own_path"
    OWN_AGENT = "own_agent"
    """The latter two are the operator's: ``ignore`` in the settings."""
    NO_AGENT = "no_agent"
    HEALTH_CHECK = "health_check"
    MONITOR = "monitor"
    CRAWLER = "crawler"
    LINK_PREVIEW = "link_preview"
    SCANNER = "scanner"


_NAMES: Mapping[Rule, str] = MappingProxyType(
    {
        # ELB: "Health checks for target groups"; Route 53: "How health checks work"; Kubernetes: "Configure probes";
        # Google Cloud: "Health check concepts"; Azure: Traffic Manager and Front Door, "health probes"; Cloudflare:
        # "Health Checks"; Envoy: "HTTP health checking"; Consul: "HTTP checks".
        Rule.HEALTH_CHECK: (
            r"elb-healthchecker|amazon-route53-health-check|kube-probe|googlehc|azure traffic manager|edge health probe"
            r"|cloudflare-(?:healthchecks|traffic-?manager)|envoy/hc|consul health check|applicationhealthservice"
        ),
        # Each by its own documentation; the last lines are agents that scrape or poll an address for ever.
        Rule.MONITOR: (
            r"uptimerobot|pingdom|statuscake|uptime-kuma|better ?(?:uptime|stack)|site24x7|datadog/?synthetics"
            r"|new ?relic ?(?:synthetics|pinger)|checkly|hetrixtools|freshping|updown\.io|hyperping|ohdear|catchpoint"
            r"|dmbrowser|dynatrace ?synthetic|googlestackdrivermonitoring|cloudwatchsynthetics|sentryuptimebot"
            r"|montastic|uptime[ -]?(?:bot|check|monitor)"
            r"|synthetic-monitoring-agent|\bgatus/|nagios|check_http|zabbix|\bmonit/|blackbox[ _-]?exporter"
            r"|^prometheus/|^grafana-?agent|^alloy/|^telegraf/|^collectd/|^vm_promscrape"
        ),
        # Search engines and their kin, each by its "robots" page; then collectors of language models' makers.
        Rule.CRAWLER: (
            r"googlebot|adsbot-google|mediapartners-google|apis-google|feedfetcher-google|google-inspectiontool"
            r"|google-site-verification|googleother|storebot-google|bingbot|msnbot|adidxbot|baiduspider|petalbot|applebot"
            r"|yandex(?:\w*bot|images|video|media|metrika|favicons|webmaster|pagechecker)|duckduckbot|duckassistbot"
            r"|duckduckgo-favicons|seznambot|sogou\b.*spider|360spider|coccocbot|qwantbot|mojeekbot|ia_archiver"
            r"|archive\.org_bot|heritrix|ahrefs(?:bot|siteaudit)|semrush|mj12bot|dotbot|blexbot|dataforseobot|serpstatbot"
            r"|barkrowler|screaming frog|^scrapy/|bytespider|gptbot|oai-searchbot|chatgpt-user"
            r"|claude(?:bot|-user|-search)|anthropic-ai|ccbot|amazonbot|perplexity(?:bot|-user)|meta-external|cohere-ai|diffbot|youbot|timpibot"
            r"|imagesiftbot|mistralai-user"
        ),
        # Chats, networks and mail that fetch what was linked to; WhatsApp's name, at the beginning, is Signal's too.
        Rule.LINK_PREVIEW: (
            r"facebookexternalhit|facebot|facebookcatalog|twitterbot|slackbot|slack-imgproxy|discordbot|linkedinbot"
            r"|^whatsapp/|telegrambot|skypeuripreview|microsoftpreview|bingpreview|google web preview|googleimageproxy"
            r"|pinterestbot|redditbot|embedly|iframely|mastodon|bluesky|vkshare|github-camo|notionembedder"
            r"|discourse forum onebox|(?:link|url) ?preview"
        ),
        Rule.SCANNER: (
            r"censysinspect|zgrab|masscan|nmap|expanse|paloaltonetworks|shodan|nuclei\b|nikto|sqlmap|internet-?measurement"
            r"|l9(?:explore|tcpid)|leakix|netcraft|wpscan|gobuster|feroxbuster|dirbuster|onyphe"
        ),
    }
)
# The robots' convention: a name that says what it is, and an address that says why (RFC 9309 points to the same).
_AVOWED = r"(?:bot|crawler|spider)\b.{0,120}?(?:https?://|www\.)"
_MACHINES = re.compile("|".join([*(f"(?P<{rule}>{names})" for rule, names in _NAMES.items()), _AVOWED]))


def recognise(user_agent: str) -> Rule | None:
    """Say which kind of machine an agent is; ``None`` for whatever people use, and for programs they run."""
    return _recognise(user_agent[:_MOST_READ])


@lru_cache(maxsize=4096)
def _recognise(user_agent: str) -> Rule | None:
    """Judge an agent; remembered, for the same few ask again and again."""
    if not user_agent:
        return Rule.NO_AGENT
    found = _MACHINES.search(user_agent.lower())  # compared without case, but several times faster than by a flag
    if found is None:
        return None
    return Rule.CRAWLER if found.lastgroup is None else Rule(found.lastgroup)
