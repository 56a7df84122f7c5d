// Keeps the page about a service fresh by asking every few seconds, and counts down in between. Every word comes from
// the template, and a theme may leave out any element. Without this script the page reloads by itself.
(() => {
  const PAUSE = 5, DUE_PAUSE = 2, ASK_TIMEOUT = 10000, TICK = 500; // seconds; milliseconds
  const { name, path, full, words } = page;
  const find = (id) => document.getElementById(id);
  const form = find("keep");
  let status = page.status, heardAt = performance.now(), triedAt = heardAt, misses = 0, asking = false, told = "";

  const own = (what) => `${page.base || ""}/.wakeproxy/${what}?path=${encodeURIComponent(path)}`;
  const since = (instant) => (performance.now() - instant) / 1000;
  const viewOf = ({ phase }) => phase.toLowerCase();

  function put(id, text) {
    const element = find(id);
    if (element && element.textContent !== text) element.textContent = text;
  }

  // The time where it is today, and the day with it otherwise.
  function clock(instant) {
    const at = new Date(instant), today = new Date().toDateString() === at.toDateString();
    return at.toLocaleString(undefined, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
  }

  function why({ phase, stays, stays_reason: reason, kept_until: until, reason: failure }) {
    const time = until ? clock(until) : "";
    if (phase === "AWAKE") return stays === "other" && reason ? reason : fill(words.why[stays], { time });
    if (phase === "FAILED" && failure) return failure;
    return words.lead[viewOf(status)] + (until ? ` ${fill(words.next, { time })}` : "");
  }

  function sleepsIn(age) {
    const seconds = status.sleeps_in_seconds;
    if (seconds === null) return words.sleeps[status.stays === "in_use" ? "in_use" : "unknown"];
    return left(seconds - age, words.sleeps.left, words.sleeps.due);
  }

  function share(age) {
    if (status.phase !== "AWAKE") return status.phase === "WAKING" ? status.percent : 0;
    const seconds = status.sleeps_in_seconds;
    return seconds === null ? 100 : Math.max(Math.min((100 * (seconds - age)) / full, 100), 0);
  }

  // What moves by itself.
  function move() {
    const age = since(heardAt);
    document.documentElement.style.setProperty("--percent", share(age).toFixed(2));
    put("awake", status.awake_seconds === null ? "" : duration(Math.floor(status.awake_seconds + age)));
    put("left", sleepsIn(age));
  }

  // A screen reader hears of what changed, never of each second.
  function show() {
    const view = viewOf(status), text = why(status);
    const heading = document.querySelector(`#heading .when-${view}`);
    document.body.dataset.view = view;
    document.title = heading ? heading.textContent : name;
    put("why", text);
    const news = `${document.title}. ${text}`;
    if (told && told !== news) put("announcer", news);
    told = news;
    move();
  }

  async function fetchStatus(what, options) {
    const abort = new AbortController(), timer = setTimeout(() => abort.abort(), ASK_TIMEOUT);
    try {
      const answer = await fetch(own(what), { cache: "no-store", signal: abort.signal, ...options });
      if (!answer.ok) throw new Error(answer.status);
      status = await answer.json();
      heardAt = performance.now();
      misses = 0;
      put("trouble", "");
      show();
    } finally {
      clearTimeout(timer);
      triedAt = performance.now();
    }
  }

  async function ask() {
    if (asking) return;
    asking = true;
    try {
      await fetchStatus("status", {});
    } catch (error) {
      misses += 1;
      if (misses > 2) put("trouble", words.offline);
    } finally {
      asking = false;
    }
  }

  async function keep(event) {
    event.preventDefault();
    try {
      await fetchStatus("keep-awake", { method: "POST" });
    } catch (error) {
      put("trouble", words.refused);
    }
  }

  function tick() {
    const isDue = status.sleeps_in_seconds !== null && status.sleeps_in_seconds < since(heardAt);
    const pause = isDue || status.phase !== "AWAKE" ? DUE_PAUSE : PAUSE;
    if (!document.hidden && since(triedAt) >= pause) ask();
    move();
  }

  if (form) form.addEventListener("submit", keep);
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  window.addEventListener("pageshow", (event) => event.persisted && ask());
  setInterval(tick, TICK);
  show();
})();
