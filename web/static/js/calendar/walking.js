// The grid by keyboard and for screen readers: arrows go from visit to visit, "m" moves the one that has the focus.

const NEXT = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };

export function walk(root, { move }) {
  root.addEventListener("keydown", (event) => {
    const from = event.target.closest(".ec-event");
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "m") {
      const box = from.querySelector("[data-id]");
      if (from.matches(".ec-draggable")) move(box.dataset.id, from);
    } else if (event.key in NEXT) {
      next(root, from, ...NEXT[event.key])?.focus();
    } else if (event.key === "Escape") {
      from.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

// Sideways the nearest in height of the next column that has any, up and down the next one of the same column.
function next(root, from, sideways, down) {
  const here = from.getBoundingClientRect();
  const others = [...root.querySelectorAll(".ec-event.visit")].filter((other) => other !== from).map((element) => ({ element, box: element.getBoundingClientRect() }));
  const rtl = document.dir === "rtl" ? -1 : 1;
  if (down) {
    const column = others.filter(({ box }) => Math.abs(box.left - here.left) < here.width / 2 && Math.sign(box.top - here.top) === down);
    return nearest(column, ({ box }) => Math.abs(box.top - here.top));
  }
  const beside = others.filter(({ box }) => Math.abs(box.left - here.left) >= here.width / 2 && Math.sign(box.left - here.left) === sideways * rtl);
  const column = nearest(beside, ({ box }) => Math.abs(box.left - here.left));
  if (!column) return null;
  const left = others.find(({ element }) => element === column).box.left;
  return nearest(beside.filter(({ box }) => Math.abs(box.left - left) < here.width / 2), ({ box }) => Math.abs(box.top - here.top));
}

function nearest(found, distance) {
  return found.sort((one, other) => distance(one) - distance(other))[0]?.element ?? null;
}

const OF_TABLES = "[role=table], [role=row], [role=rowgroup], [role=columnheader], [role=cell]";

// Buttons laid over a table are no table: the grid is a group of buttons, each of which says everything of its visit.
export function quiet(root, words) {
  for (const element of root.querySelectorAll(OF_TABLES)) {
    element.removeAttribute("role");
    element.removeAttribute("aria-colindex");
    element.removeAttribute("aria-colspan");
  }
  if (root.getAttribute("role") !== "group") {
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", words.calendar);
  }
  for (const head of root.querySelectorAll("span[aria-label], time[aria-label]")) head.removeAttribute("aria-label");
}
