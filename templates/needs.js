// Paints how far each of a service's needs is, once it is given the words and the states of phases.
function paintNeeds({ phases, states }) {
  const list = document.querySelector("#needs ol");

  function add(name, item) {
    const piece = item.appendChild(document.createElement(name === "label" ? "bdi" : "span"));
    piece.className = name;
    item.append(" ");
  }

  function makeItem() {
    const item = document.createElement("li");
    add("label", item);
    add("seconds", item);
    return item;
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  return (needs) => {
    if (!list) return;
    list.parentNode.hidden = !needs.length;
    if (list.children.length !== needs.length) list.replaceChildren(...needs.map(makeItem));
    needs.forEach(({ display_name: title, phase, percent }, i) => {
      const item = list.children[i];
      item.dataset.state = states[phase];
      write(item.querySelector(".label"), title);
      write(item.querySelector(".seconds"), phases[phase].replace("{percent}", percent));
    });
  };
}
