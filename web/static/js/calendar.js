// The grid of the calendar: draws what the server tells, and asks the server before anything is moved.
import { draw } from "./calendar/drawing.js";
import { listen } from "./calendar/live.js";
import { bookNext, quiet, walk } from "./calendar/walking.js";

const root = document.getElementById("calendar");
const words = JSON.parse(root.dataset.words);
const mayWrite = Boolean(root.dataset.mayWrite);

let grid = null;
let shown = null;
let held = null; // what was dragged and is being asked about: how to put it back
let pressed = false; // the pointer is down on the grid: what it holds must not be drawn anew below it
let place = null; // where a booking began by keyboard: the focus comes back to what stands there then
let asked = null; // where the focus was when a dialog was asked for: it may be drawn anew below it
let behind = false; // something changed meanwhile

begin();

async function begin() {
  shown = await read();
  if (!shown) return;
  root.replaceChildren();
  root.removeAttribute("aria-busy");
  tell(shown);
  grid = draw(root, shown, { words, mayWrite, click, book, dropped });
  walk(root, { move: (id, element) => ask(id, {}, element), lengthen, book });
  new MutationObserver(() => quiet(root, words)).observe(root, { childList: true, subtree: true });
  quiet(root, words);
  listen(root.dataset.stream, document.getElementById("live"), words, again);
}

// How many of those who work have no column.
function tell({ hidden }) {
  const note = document.getElementById("calendar-hidden");
  note.hidden = !hidden;
  note.querySelector("span").textContent = hidden;
}

async function read() {
  try {
    const answer = await fetch(root.dataset.source, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (answer.status === 401) return location.reload();
    if (answer.ok) return await answer.json();
  } catch {
    // said below
  }
  document.dispatchEvent(new CustomEvent("toast", { detail: { message: words.lost, tone: "red" } }));
  return null;
}

// Read anew and show it; while something is being dragged or asked about, it waits.
async function again(changed = []) {
  behind = busy();
  if (behind) return;
  const fresh = await read();
  if (!fresh) return;
  behind = busy();
  if (behind) return;
  const stood = standing();
  const before = new Map(shown.visits.map((visit) => [visit.id, `${visit.version} ${visit.status}`]));
  shown = fresh;
  tell(fresh);
  const { scrollTop, scrollLeft } = root.querySelector(".ec-main");
  grid.show(fresh);
  await null; // the grid draws as soon as this has ended: no key falls between the old and the new
  // Before it is seen: the grid itself goes back to the present hour, and nobody has asked for that.
  requestAnimationFrame(() => Object.assign(root.querySelector(".ec-main"), { scrollTop, scrollLeft }));
  if (stood && [document.body, stood.here].includes(document.activeElement)) drawn(stood)?.focus({ preventScroll: true });
  goOn();
  for (const id of changed) {
    const visit = fresh.visits.find((one) => one.id === id);
    if (visit && before.get(id) !== `${visit.version} ${visit.status}`) point(id);
  }
}

// Where the focus is in the grid: on a visit, or on a room of the day.
function standing() {
  const here = document.activeElement?.closest(".visit, .room");
  const id = here?.querySelector("[data-id]")?.dataset.id;
  const [consultant, start] = here?.querySelector("[data-room]")?.dataset.room.split(" ") ?? [];
  return here && { consultant, start, ...shown.visits.find((one) => one.id === id), here };
}

const drawn = (stood) => grid.element(stood.id) ?? grid.at(stood);

const busy = () => Boolean(held || pressed || root.querySelector(".ec-preview"));

// What was let go is asked about first, by those who were told before.
function released() {
  pressed = false;
  setTimeout(() => behind && again());
}

// Where somebody else changed something, it is pointed out for a moment.
function point(id) {
  const element = grid.element(id);
  element?.classList.add("changed");
  setTimeout(() => element?.classList.remove("changed"), 2500);
}

// Asked for in the name of the whole grid, for what was pressed may be drawn anew before the answer comes: a request of
// its own would leave with it. The focus goes on to what is drawn in its place, and the dialog gives it back to that.
function open(path, element) {
  element?.focus({ preventScroll: true });
  asked = standing();
  htmx.ajax("GET", path, { source: root, target: "#dialogs", swap: "beforeend" });
}

function click(id, element) {
  open(shown.visits.find((one) => one.id === id).href, element);
}

function book(consultant, at, element) {
  if (!mayWrite) return;
  place = element ? { consultant, start: at } : null;
  open(`/calendar/new?${new URLSearchParams({ consultant_id: consultant, at })}`, element);
}

function lengthen(id, minutes, element) {
  const { start, end, resizable } = shown.visits.find((one) => one.id === id);
  const length = (new Date(`${end}Z`) - new Date(`${start}Z`)) / 60000 + minutes;
  if (resizable && length > 0) ask(id, { minutes: length }, element);
}

// Back from a booking, to the visit that it made or to the room that is left.
function goOn() {
  if (place && !document.querySelector("dialog[open]") && document.activeElement.matches("body, .room")) grid.at(place)?.focus();
}

// Back from any other dialog, to what was there.
function back() {
  if (document.querySelector("dialog[open]")) return;
  goOn();
  if (asked && document.activeElement === document.body) drawn(asked)?.focus({ preventScroll: true });
  asked = null;
}

function dropped(id, to, element, back) {
  held = back;
  ask(id, to, element);
}

function ask(id, to, element) {
  const query = new URLSearchParams(to).toString();
  open(`/calendar/appointments/${id}/move${query ? `?${query}` : ""}`, element);
}

// A refusal puts it back at once and is said in the dialog; so does leaving the dialog. What was dragged before that one,
// while the server was slow to ask, is put back by reading the day.
function putBack() {
  held?.();
  held = null;
  again();
}

root.addEventListener("pointerdown", () => (pressed = true), true);
for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, released);

root.addEventListener("focusin", (event) => event.target.matches(".visit") && (place = null));
document.addEventListener("close", () => setTimeout(back), true);
document.addEventListener("click", (event) => event.target.closest("[data-book-next]") && bookNext(root, null, book));

const moves = (element) => element?.closest?.("dialog")?.querySelector('form[action*="/move"]');

document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, target } = event.detail;
  if (!held || (xhr.status > 0 && xhr.status < 400)) return;
  // The form that asked has left with the answer; the event comes from the dialog that it stood in.
  if (moves(event.target) || target?.id === "dialogs") putBack();
});
document.addEventListener("htmx:responseError", () => held && !document.querySelector("dialog[open]") && putBack());
document.addEventListener("calendar-changed", (event) => {
  held = null;
  again([event.detail.id].filter(Boolean));
});
document.addEventListener("close", (event) => event.target.matches?.("dialog") && held && !document.querySelector("dialog[open]") && putBack(), true);
document.addEventListener("appointments-changed", () => again());
// A booking was made in a dialog above: it is shown when the dialog leaves, or at once if the stream tells it.
document.addEventListener("htmx:afterSettle", (event) => event.detail.target?.querySelector?.(".outcome") && again());
