// The grid by keyboard and for screen readers: arrows go from visit to visit and over the room between them. "b" books in
// the next room, "m" moves the visit that has the focus, "+" and "-" make it longer and shorter.

const NEXT = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };
const LONGER = { "+": 15, "=": 15, "-": -15 };
const PLACES = ".ec-event.visit, .room";

export function walk(root, { move, lengthen, book }) {
  root.addEventListener("keydown", (event) => {
    const from = event.target.closest(PLACES);
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return;
    const id = from.querySelector("[data-id]")?.dataset.id;
    if (event.key in NEXT) next(root, from, ...NEXT[event.key])?.focus();
    else if (event.key === "Escape") from.blur();
    else if (event.key === "b" || (!id && ["Enter", " "].includes(event.key))) bookNext(root, from, book);
    else if (id && event.key === "m") from.matches(".ec-draggable") && move(id, from);
    else if (id && event.key in LONGER) lengthen(id, LONGER[event.key], from);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

// In the room that has the focus, or the next one below, or the first of all.
export function bookNext(root, from, book) {
  const found = from?.matches(".room") ? from : (from && below(root, from)) ?? root.querySelector(".room");
  if (!found) return;
  const [consultant, start] = found.querySelector("[data-room]").dataset.room.split(" ");
  book(consultant, start, found);
}

function below(root, from) {
  const here = from.getBoundingClientRect();
  const rooms = [...root.querySelectorAll(".room")].map((element) => ({ element, box: element.getBoundingClientRect() }));
  return nearest(rooms.filter(({ box }) => Math.abs(box.left - here.left) < here.width / 2 && box.top >= here.top), ({ box }) => box.top);
}

// Sideways the nearest in height of the next column that has any, up and down the next one of the same column.
function next(root, from, sideways, down) {
  const here = from.getBoundingClientRect();
  const others = [...root.querySelectorAll(PLACES)].filter((other) => other !== from).map((element) => ({ element, box: element.getBoundingClientRect() }));
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
