// Turns the wait page into the app: same URL, same history entry, the app's own scroll position, and no reload storm.
const opener = (() => {
  const QUICK = 3, PAUSE = 2000, WITHIN = 10000; // a wait page that keeps coming back must be no storm

  // The browser restores a reloaded app's scroll position even into this page, if it is tall enough to bear it, and hands
  // it on to the reload that brings the app back.
  const [visit] = performance.getEntriesByType("navigation");
  if (visit && visit.type !== "navigate") document.documentElement.className = "bears-scroll";

  function mayOpen() {
    try {
      const before = JSON.parse(sessionStorage.getItem("wakeproxy.reloads")) || [];
      const recent = before.filter((at) => Date.now() - at < WITHIN);
      if (recent.length >= QUICK && Date.now() - recent[recent.length - 1] < PAUSE) return false;
      sessionStorage.setItem("wakeproxy.reloads", JSON.stringify([...recent, Date.now()]));
      return true;
    } catch (error) {
      return true; // storage is switched off: nothing to count with
    }
  }

  function open() {
    if (!location.hash || scrollY > 0) return location.reload(); // keeps the history entry and its scroll position
    // A reload restores the scroll position 0 instead of following the fragment, and going from a URL to itself with a
    // fragment is no navigation: so leave from another one.
    const there = location.href;
    history.replaceState(null, "", `${location.pathname}${location.search}${location.search ? "&" : "?"}wakeproxy`);
    location.replace(there);
  }

  return { mayOpen, open };
})();
