// What the page was rendered from, and how to say spans of time in its words, as `write_duration` in themes.py does.
"use strict";
const page = JSON.parse(document.getElementById("page").textContent);
const { fill, duration, left } = (({ words }) => {
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);

  function duration(seconds) {
    let n = seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds);
    const parts = [];
    for (const [unit, size] of [["days", 86400], ["hours", 3600], ["minutes", 60]]) {
      if (n < size || !words[unit]) continue;
      parts.push(fill(words[unit], { n: Math.floor(n / size) }));
      n %= size;
    }
    if (n || !parts.length) parts.push(fill(words.seconds, { n }));
    return parts.slice(0, 2).join(" ");
  }

  // What is still to come, rounded up; `due` once it is nearly over.
  function left(seconds, text, due) {
    return seconds < 1 ? due : fill(text, { time: duration(Math.ceil(seconds)) });
  }

  return { fill, duration, left };
})(page);
