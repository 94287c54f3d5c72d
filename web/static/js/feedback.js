// Buttons that tell the truth, toasts, countdowns, and the thin line while something works.

export function followFeedback(token) {
  document.addEventListener("submit", submitted, true);
  document.addEventListener("htmx:afterRequest", (event) => settle(event.detail.elt));
  document.addEventListener("htmx:beforeRequest", () => working(1));
  document.addEventListener("htmx:afterRequest", () => working(-1));
  document.addEventListener("toast", (event) => toast(event.detail));
  document.addEventListener("htmx:sendError", () => toast({ message: words("offline"), tone: "red" }));
  document.addEventListener("htmx:responseError", (event) => failed(event.detail.xhr));
  document.addEventListener("click", (event) => clicked(event, token));
  addEventListener("pageshow", () => document.querySelectorAll("form[data-busy]").forEach(settle));
  shelf.popover = "manual";
  if (shelf.childElementCount) shelf.showPopover();
  for (const shown of shelf.children) expire(shown);
  setInterval(countDown, 1000);
  countDown();
}

const shelf = document.getElementById("toasts") ?? document.createElement("div");

let running = 0;

function working(change) {
  running = Math.max(0, running + change);
  document.documentElement.classList.toggle("working", running > 0);
}

// A form is sent once: the second submit of a double click finds it busy. The server would answer it harmlessly anyway.
function submitted(event) {
  const form = event.target;
  if (!form.hasAttribute("data-once")) return;
  if (form.hasAttribute("data-busy")) {
    event.preventDefault();
    return event.stopImmediatePropagation();
  }
  form.setAttribute("data-busy", "");
  const button = event.submitter;
  if (!button) return;
  button.classList.add("busy");
  button.setAttribute("aria-disabled", "true");
  const label = button.querySelector("span");
  if (button.dataset.busy && label) [button.dataset.rest, label.textContent] = [label.textContent, `${button.dataset.busy}…`];
}

function settle(form) {
  if (!form.matches?.("form[data-busy]")) return;
  form.removeAttribute("data-busy");
  for (const button of form.querySelectorAll(".busy")) {
    button.classList.remove("busy");
    button.removeAttribute("aria-disabled");
    if (button.dataset.rest) button.querySelector("span").textContent = button.dataset.rest;
  }
}

function toast({ message, tone = "green", undo = "" }) {
  const made = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  made.classList.replace("tone-green", `tone-${tone}`);
  made.querySelector("p").textContent = message;
  const button = made.querySelector("[data-undo]");
  if (undo) button.dataset.undo = undo;
  else button.remove();
  // The key undoes what was done last.
  if (undo) for (const older of shelf.querySelectorAll("[data-undo][data-key]")) older.removeAttribute("data-key");
  const use = made.querySelector("use");
  if (tone === "red") use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#warning"));
  shelf.append(made);
  raise();
  expire(made);
}

// Toasts stand above dialogs that are already open, so the shelf goes to the top of the top layer again.
function raise() {
  if (shelf.matches(":popover-open")) shelf.hidePopover();
  shelf.showPopover();
}

const READ = 7000;
const DECIDED = 20000; // where there is something to do about it

// Time to read it; longer while the pointer or the focus is on it.
function expire(shown) {
  const time = shown.querySelector("[data-undo]") ? DECIDED : READ;
  setTimeout(() => (shown.matches(":hover, :focus-within") ? expire(shown) : shown.remove()), time);
}

function clicked(event, token) {
  if (event.target.closest("[data-dismiss]")) event.target.closest("[data-toast]").remove();
  const undo = event.target.closest("[data-undo]");
  if (!undo) return;
  const form = document.createElement("form");
  form.method = "post";
  form.action = undo.dataset.undo;
  form.innerHTML = '<input type="hidden" name="csrf_token"><input type="hidden" name="idempotency_key">';
  form.elements.csrf_token.value = token.content;
  form.elements.idempotency_key.value = crypto.randomUUID();
  document.body.append(form);
  form.submit();
}

const words = (name) => shelf.dataset[name];

function failed(xhr) {
  if (xhr.getResponseHeader("HX-Trigger")) return; // the answer has said it itself
  toast({ message: `${words("failed")} ${xhr.getResponseHeader("X-Request-ID") ?? ""}`, tone: "red" });
}

function countDown() {
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const left = Math.floor((new Date(time.dateTime) - Date.now()) / 1000);
    const shown = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    time.textContent = left >= 0 ? shown : time.dataset.ended;
  }
}
