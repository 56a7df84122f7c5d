"""Which agents are machines that ask on their own, as their makers write them, and which are people's."""

import pytest

from wakeproxy.core.machines import Rule, recognise

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
HEADLESS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"

MACHINES: dict[Rule, tuple[str, ...]] = {
    Rule.NO_AGENT: ("",),
    Rule.HEALTH_CHECK: (
        "ELB-HealthChecker/2.0",
        "Amazon-Route53-Health-Check-Service (ref 12345678-90ab; report http://amzn.to/1vsZADi)",
        "kube-probe/1.31",
        "GoogleHC/1.0",
        "Azure Traffic Manager Endpoint Monitor",
        "Edge Health Probe",
        "Mozilla/5.0 (compatible;Cloudflare-Healthchecks/1.0;+https://www.cloudflare.com/; healthcheck-id: f867e0e4)",
        "Mozilla/5.0 (compatible; Cloudflare-Traffic-Manager/1.0; +https://www.cloudflare.com/traffic-manager/;)",
        "Envoy/HC",
        "Consul Health Check",
    ),
    Rule.MONITOR: (
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
        CHROME + " StatusCake",
        "Uptime-Kuma/1.23.16",
        "Better Uptime Bot " + CHROME,
        "Better Stack Better Uptime Bot " + CHROME,
        "Site24x7",
        "Datadog/Synthetics",
        HEADLESS + " DatadogSynthetics",
        HEADLESS + " NewRelicSynthetics/1.0",
        "Checkly/1.0 (https://www.checklyhq.com)",
        "HetrixTools Uptime Monitoring Bot. https://hetrix.tools/uptime-monitoring-bot.html",
        "FreshpingBot/1.0 (+https://freshping.io/)",
        "updown.io daemon 2.11",
        "Mozilla/5.0 (X11; Linux x86_64; Catchpoint) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/75.0 Safari/537.36",
        CHROME + " DMBrowser/2.1 (BV; LV)",
        "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
        HEADLESS + " CloudWatchSynthetics/arn:aws:synthetics:eu-central-1:123456789012:canary:shop",
        "SentryUptimeBot/1.0 (+http://docs.sentry.io/product/alerts/uptime-monitoring/)",
        "Mozilla/5.0 (compatible; Uptimebot/1.0; +http://www.uptime.com/uptimebot)",
        "synthetic-monitoring-agent/v0.30.2 (linux; abc; +https://github.com/grafana/synthetic-monitoring-agent)",
        "Gatus/1.0",
        "Blackbox Exporter/0.25.0",
        "Prometheus/2.55.0",
        "GrafanaAgent/v0.43.0",
        "Telegraf/1.32.0 Go/1.23.0",
        "check_http/v2.4 (monitoring-plugins 2.4)",
        "check_http/v2.3.3 (nagios-plugins 2.3.3)",
        "Zabbix 6.4.0",
        "Monit/5.34.0",
    ),
    Rule.CRAWLER: (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        (
            "Mozilla/5.0 (Linux; Android 6.0.1) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
            " (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
        ),
        "AdsBot-Google (+http://www.google.com/adsbot.html)",
        "Mozilla/5.0 (compatible; Google-InspectionTool/1.0;)",
        "FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "Mozilla/5.0 (compatible; YandexImages/3.0; +http://yandex.com/bots)",
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        "DuckDuckBot/1.0; (+http://duckduckgo.com/duckduckbot.html)",
        "Mozilla/5.0 (compatible; DuckDuckGo-Favicons-Bot/1.0; +http://duckduckgo.com)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 Safari/605.1.15 (Applebot/0.1)",
        "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.1 (KHTML, like Gecko) Chrome/21.0 Safari/537.1; 360Spider",
        "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
        "Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)",
        "dotbot",
        "Mozilla/5.0 (Linux; Android 7.0;) AppleWebKit/537.36 (KHTML, like Gecko) (compatible; PetalBot)",
        "ia_archiver (+http://www.alexa.com/site/help/webmasters; crawler@alexa.com)",
        "Mozilla/5.0 (Linux; Android 6.0; Nexus 5) Mobile Safari/537.36; Bytespider;bytespider@bytedance.com",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (compatible; OAI-SearchBot/1.0; +https://openai.com/searchbot)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
        "CCBot/2.0 (https://commoncrawl.org/faq/)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Amazonbot/0.1) Chrome/119.0 Safari/537.36",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0)",
        "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
        "Screaming Frog SEO Spider/20.4",
        "Scrapy/2.12.0 (+https://scrapy.org)",
        # Named nowhere, but it says what it is and where to complain.
        "AcmeBot/1.0 (+https://acme.example/bot)",
        "Mozilla/5.0 (compatible; Gluten Free Crawler/1.0; +http://glutenfreepleasure.com/)",
        "Synapse (bot; +https://github.com/matrix-org/synapse)",
    ),
    Rule.LINK_PREVIEW: (
        "Slackbot 1.0 (+https://api.slack.com/robots)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Slack-ImgProxy (+https://api.slack.com/robots)",
        "Twitterbot/1.0",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "WhatsApp/2.23.20.0",
        "WhatsApp/2",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)",
        "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
        "Mozilla/5.0 (compatible; Embedly/0.2; +http://support.embed.ly/)",
        "Iframely/1.3.1 (+https://iframely.com/docs/about)",
        "Mastodon/4.3.2 (http.rb/5.2.0; +https://mastodon.example/) Bot",
        "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
        "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
        "Discourse Forum Onebox v2.6.0.beta2",
        "Bitrix link preview",
        "Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots",
    ),
    Rule.SCANNER: (
        "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)",
        "Mozilla/5.0 zgrab/0.x",
        "masscan/1.3 (https://github.com/robertdavidgraham/masscan)",
        "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)",
        "Expanse, a Palo Alto Networks company, searches across the global IPv4 space multiple times per day",
        "Hello from Palo Alto Networks, find out more about our scans in https://docs-cortex.paloaltonetworks.com/r/1",
        "Nuclei - Open-source project (github.com/projectdiscovery/nuclei)",
        "Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:000001)",
        "Mozilla/5.0 (compatible; InternetMeasurement/1.0; +https://internet-measurement.com/)",
        "Mozilla/5.0 (l9explore/1.2.2)",
    ),
}

PEOPLE_AND_THEIR_PROGRAMS = [
    CHROME,
    CHROME + " Edg/142.0.0.0",
    CHROME + " OPR/127.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15",
    IPHONE + " Version/18.1 Mobile/15E148 Safari/604.1",
    IPHONE + " Mobile/15E148 DuckDuckGo/7",
    IPHONE + " GSA/345.0.700 Mobile/15E148 Safari/604.1",
    IPHONE + " Version/17.4.1 Mobile/15E148 Safari/604.1 (Ecosia ios@9.2.3.1367)",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/138.0 YaBrowser/25.8 Safari/537.36",
    "Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/3.4.0",
    # Within other apps: their names are also those of machines.
    IPHONE + " Mobile/15E148 [FBAN/FBIOS;FBAV/480]",
    IPHONE + " Mobile/15E148 Twitter for iPhone/10.60",
    IPHONE + " Mobile/15E148 [LinkedInApp]/9.30",
    IPHONE + " Mobile/15E148 [Pinterest/iOS]",
    IPHONE + " Mobile/15E148 Instagram 350.0.0.0 (iPhone15,2; iOS 18_1; en_US; scale=3.00)",
    IPHONE + " Mobile/15E148 Safari/604.1 BingWeb/6.37.2.0",
    "Mozilla/5.0 (Linux; Android 5.1.1; vivo X7; wv) Chrome/48.0 Mobile Safari/537 baiduboxapp/8.6.5 (Baidu; P1 5.1.1)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Slack_SSB/4.41 Chrome/130.0 Electron/33.0",
    "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 discord/1.0.9175 Chrome/128.0 Electron/32.2 Safari/537.36",
    # A make of telephone.
    "Mozilla/5.0 (Linux; Android 6.0; CUBOT MAX Build/MRA58K) AppleWebKit/537.36 Chrome/51.0 Mobile",
    "Mozilla/5.0 (Linux; Android 8.0.0; CUBOT_P20) AppleWebKit/537.36 Chrome/70.0 Mobile Safari/537",
    # What tests and scripts are made of: somebody started them.
    HEADLESS,
    "curl/8.11.0",
    "Wget/1.25.0",
    "python-requests/2.32.3",
    "python-httpx/0.28.1",
    "Python/3.12 aiohttp/3.13.2",
    "Go-http-client/1.1",
    "Go-http-client/2.0",
    "grpc-go/1.76.0",
    "okhttp/4.12.0",
    "axios/1.7.7",
    "node",
    "PostmanRuntime/7.43.0",
    "HTTPie/3.2.4",
    "k6/0.54.0 (https://k6.io/)",
    "GitHub-Hookshot/044aadd",
    "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    "our-deploy-bot/1.4",
    # What a CDN puts in place of every visitor's own unless told to forward it (CloudFront developer guide,
    # "User-Agent header"): ignoring it would ignore everybody.
    "Amazon CloudFront",
]


ROWS = [(rule, agent) for rule, agents in MACHINES.items() for agent in agents]


@pytest.mark.parametrize(("rule", "user_agent"), ROWS)
def test_a_machine_that_asks_on_its_own_is_known_for_what_it_is(rule: Rule, user_agent: str) -> None:
    assert recognise(user_agent) is rule


@pytest.mark.parametrize(("rule", "user_agent"), ROWS)
def test_a_machine_is_known_in_any_case(rule: Rule, user_agent: str) -> None:
    assert recognise(user_agent.upper()) is rule


@pytest.mark.parametrize("user_agent", PEOPLE_AND_THEIR_PROGRAMS)
def test_browsers_and_programs_that_somebody_runs_are_no_machines(user_agent: str) -> None:
    assert recognise(user_agent) is None


def test_what_stands_beyond_any_honest_name_is_not_read() -> None:
    assert recognise(" " * 512 + "Googlebot/2.1") is None
    assert recognise(" " * 400 + "Googlebot/2.1") is Rule.CRAWLER
