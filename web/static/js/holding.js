// The time that a booking form holds: what is left of it, said at two minutes, one, and none; given back with the form.

export function followHolds(token) {
  document.addEventListener("htmx:afterSettle", () => look(token));
  document.addEventListener("close", () => setTimeout(look, 0, token), true);
  document.addEventListener("submit", (event) => (leaving = event.target.matches("#booking-form")));
  addEventListener("pagehide", () => leaving || giveBack(token));
  setInterval(() => look(token), 1000);
  look(token);
}

const UP_TO = [[0, "none"], [60, "one"], [120, "two"]];
let held = null; // the hold that this page has
let leaving = false; // with the form itself, which takes the hold along

function look(token) {
  const field = document.querySelector("#hold-ids [name=hold_id]");
  if (field && !document.querySelector("[data-hold]")) field.value = ""; // no time is chosen any more
  const shown = field?.value || null;
  if (held && shown !== held) giveBack(token);
  held = shown;
  for (const block of document.querySelectorAll("[data-left]")) count(block);
}

// The server's seconds rather than its clock: that of this machine may be wrong.
function count(block) {
  block.dataset.until ??= Date.now() + block.dataset.left * 1000;
  const left = Math.max(0, Math.round((block.dataset.until - Date.now()) / 1000));
  block.querySelector("[data-hold-left]").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  const due = UP_TO.find(([seconds]) => left <= seconds)?.[1];
  if (!due || block.dataset.said === due) return;
  block.dataset.said = due;
  block.querySelector("[data-hold-said]").textContent = block.dataset[due];
  if (due === "none") over(block);
}

function over(block) {
  block.classList.replace("tone-slate", "tone-amber");
  block.querySelector(".hold-live").hidden = true;
  block.querySelector(".hold-over").hidden = false;
}

// Should this be lost, the hold ends by its own clock.
function giveBack(token) {
  if (!held) return;
  const said = new FormData();
  said.set("csrf_token", token.content);
  said.set("hold_id", held);
  navigator.sendBeacon("/appointments/new/hold/release", said);
  held = null;
}
