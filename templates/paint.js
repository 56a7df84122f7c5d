// Paints a status on the page and knows nothing of the network. Every word comes from the template, and a theme may
// leave out any element. Between two words of the server the bar may only run towards the ETA it was given.
const painter = (({ name, words }) => {
  const RUN_AHEAD = 2; // seconds the bar may run on the ETA alone; longer silence stops it
  let shown = 0, icon = "", told = "", logged = "";

  const find = (id) => document.getElementById(id);
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const clock = (at) => new Date(at).toLocaleTimeString();

  function write(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function put(id, text) {
    write(find(id), text);
  }

  function headline(view) {
    const heading = document.querySelector(`#heading .when-${view}`);
    return heading ? heading.textContent : name;
  }

  function timeLeft({ eta_seconds: eta, longer_than_usual: longer }, age) {
    if (longer) return words.longer;
    return eta === null ? words.first_wake : left(eta - age, words.left, words.soon);
  }

  function advance({ percent, eta_seconds: eta, longer_than_usual: longer }, age) {
    const run = eta > 0 && !longer ? ((100 - percent) * Math.min(age, RUN_AHEAD)) / eta : 0;
    shown = Math.max(shown, Math.min(99, percent + run));
  }

  // What moves by itself; `age` is how many seconds ago the status was heard.
  function move(status, view, age) {
    if (view === "waiting") advance(status, age);
    const percent = Math.floor(shown), retry = status.retry_in_seconds;
    document.documentElement.style.setProperty("--percent", shown.toFixed(2));
    if (find("progress")) find("progress").setAttribute("aria-valuenow", percent);
    put("percent", fill(words.progress, { percent }));
    put("eta", timeLeft(status, age));
    put("elapsed", fill(words.so_far, { time: duration(Math.floor(status.elapsed_seconds + age)) }));
    put("retry", retry === null ? "" : left(retry - age, words.retry_in, words.retry_now));
    document.title = view === "waiting" ? fill(words.title, { percent, name }) : headline(view);
    paintIcon(view === "failed" ? "#d1453b" : "#e0893f", view === "failed" ? 100 : percent);
  }

  function paintIcon(colour, percent) {
    if (icon === colour + percent) return;
    icon = colour + percent;
    const ring = "<circle r='12' fill='none' stroke-width='6' pathLength='100'";
    const arcs = `${ring} stroke='#8886'/>${ring} stroke='${colour}' stroke-dasharray='${percent} 100' transform='rotate(-90)'/>`;
    const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='-16 -16 32 32'>${arcs}</svg>`;
    find("icon").href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  }

  function paintStages(stages) {
    document.querySelectorAll("#stages > li").forEach((item, i) => {
      const { state, seconds } = stages[i];
      item.dataset.state = state;
      item.setAttribute("aria-current", state === "current" ? "step" : "false");
      write(item.querySelector(".unseen"), words.states[state]);
      write(item.querySelector(".seconds"), seconds === null ? "" : duration(seconds));
    });
  }

  function paintLog(events) {
    const news = JSON.stringify(events);
    if (!find("events") || news === logged) return;
    logged = news;
    find("events").textContent = "";
    for (const { at, text } of events) {
      const item = find("events").appendChild(make("li"));
      item.append(make("time", { dateTime: at, textContent: clock(at) }), " ", make("span", { textContent: text }));
    }
  }

  // A screen reader hears of stages and outcomes, never of each percent.
  function announce(view, reason) {
    const current = document.querySelector("#stages > [data-state=current]");
    const stages = current ? [...current.parentNode.children] : [];
    const place = { n: stages.indexOf(current) + 1, total: stages.length };
    const stage = current ? fill(words.stage_of, { ...place, stage: current.querySelector(".label").textContent }) : "";
    const text = view === "waiting" ? stage : `${headline(view)}. ${reason || ""}`;
    if (told && told !== text) put("announcer", text);
    told = text;
  }

  function show(status, view) {
    const turned = document.body.dataset.view !== view;
    document.body.dataset.view = view;
    if (turned && view === "waiting") shown = 0;
    if (turned && view === "failed" && find("log")) find("log").open = true;
    if (view === "ready") shown = 100;
    put("reason", status.reason || words.no_reason);
    put("remedy", status.remedy || "");
    if (find("notice")) find("notice").hidden = !status.reason && view !== "failed";
    if (status.stages) paintStages(status.stages);
    if (window.paintNeeds && status.needs) paintNeeds(status.needs);
    if (status.events) paintLog(status.events);
    move(status, view, 0);
    announce(view, status.reason);
  }

  document.querySelectorAll("#events time").forEach((time) => write(time, clock(time.dateTime)));
  announce(document.body.dataset.view);
  return { show, move, say: (key) => put("trouble", key ? words[key] : "") };
})(page);
