// Follows one wake - by server-sent events, or by asking every second where they do not get through - and turns this
// page into the app. What is seen is painter's business.
(() => {
  const QUIET_STREAM = 5; // seconds: a proxy on the way may buffer the stream, so silence this long is worth asking
  const STREAM_PAUSE = 15; // seconds between two tries to open the stream
  const PRESS_LASTS = 5; // seconds a press on the button may take to show; a second press meanwhile is the same press
  const ASK_TIMEOUT = 10000, TICK = 250;
  const form = document.getElementById("wake");
  let { status, view } = page;
  let heardAt = performance.now(), triedAt = heardAt, misses = 0, asking = false;
  let stream = null, brokenAt = -Infinity, pressedAt = -Infinity, seenWaking = false, leaving = false;

  // Services may share a host by path, so the page says where it stands.
  const own = (name) => `${page.base || ""}/.wakeproxy/${name}?path=${encodeURIComponent(location.pathname)}`;
  const since = (instant) => (performance.now() - instant) / 1000;
  const pressed = () => since(pressedAt) < PRESS_LASTS;

  function viewOf({ phase }) {
    if (phase === "FAILED") return "failed";
    seenWaking = seenWaking || phase !== "ASLEEP";
    // A wait page that reads ASLEEP at first is only early: its wake is on the way.
    return phase === "ASLEEP" && (seenWaking || view !== "waiting") ? "ask" : "waiting";
  }

  function hear(news) {
    if (leaving) return;
    heardAt = triedAt = performance.now();
    misses = 0;
    if (news.ready) return become();
    const before = view;
    [status, view] = [news, viewOf(news)];
    painter.show(status, view);
    painter.say(null);
    if (view === before) return;
    if (view !== "waiting") hangUp();
    const heading = document.getElementById("heading");
    if (pressed() && heading) heading.focus({ preventScroll: true }); // the button they pressed is gone
    pressedAt = -Infinity;
  }

  // ---- becoming the app ----
  function become() {
    if (leaving) return;
    if (!opener.mayOpen()) return lose();
    leaving = true;
    hangUp();
    painter.show({ ...status, reason: null }, "ready");
    opener.open();
  }

  // ---- hearing ----
  function hangUp() {
    if (stream) stream.close();
    stream = null;
  }

  function lose() {
    brokenAt = performance.now();
    hangUp();
  }

  function listen() {
    if (stream || page.streams === false || !window.EventSource || since(brokenAt) < STREAM_PAUSE) return;
    stream = new EventSource(own("events"));
    const told = (event) => hear(JSON.parse(event.data));
    stream.addEventListener("progress", told);
    stream.addEventListener("failed", told);
    stream.addEventListener("ready", become);
    stream.addEventListener("error", lose);
  }

  function patience() {
    if (misses) return Math.min(2 ** misses, 5);
    if (stream) return QUIET_STREAM;
    return view === "waiting" || pressed() ? 1 : 5;
  }

  async function ask() {
    if (asking || leaving) return;
    asking = true;
    const abort = new AbortController(), timer = setTimeout(() => abort.abort(), ASK_TIMEOUT);
    try {
      const answer = await fetch(own("status"), { cache: "no-store", signal: abort.signal });
      if (!answer.ok) throw new Error(answer.status);
      hear(await answer.json());
    } catch (error) {
      misses += 1;
      if (misses > 2) painter.say("offline");
    } finally {
      clearTimeout(timer);
      triedAt = performance.now();
      asking = false;
    }
  }

  function tick() {
    if (leaving) return;
    if (view === "waiting" && !document.hidden) listen();
    if (since(triedAt) >= patience()) ask();
    painter.move(status, view, since(heardAt));
  }

  async function wake(event) {
    event.preventDefault();
    if (pressed()) return;
    pressedAt = performance.now();
    try {
      const answer = await fetch(own("wake"), { method: "POST" });
      if (!answer.ok) throw new Error(answer.status);
      await ask();
    } catch (error) {
      pressedAt = -Infinity;
      painter.say("refused");
    }
  }

  // A hidden tab asks instead of listening: browsers allow six HTTP/1.1 connections per host, shared by all its tabs.
  function attend() {
    if (document.hidden) hangUp();
    else ask();
  }

  if (form) form.addEventListener("submit", wake);
  document.addEventListener("visibilitychange", attend);
  window.addEventListener("pagehide", hangUp);
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    leaving = false;
    ask();
  });
  setInterval(tick, TICK);
  tick();
})();
