// Type to find, after the WAI-ARIA combobox pattern: the server sends the options, this moves among them and chooses.

export function followCombobox() {
  document.addEventListener("htmx:afterSwap", (event) => show(event.detail.target));
  document.addEventListener("keydown", pressed);
  document.addEventListener("input", typed);
  document.addEventListener("mousedown", pointed);
  document.addEventListener("focusin", left);
  document.addEventListener("patient-registered", (event) => registered(event.detail));
}

const boxOf = (element) => element.closest?.("[data-combobox]");
const inputOf = (box) => box.querySelector('[role="combobox"]');
const popupOf = (box) => box.querySelector('[role="listbox"]');
const optionsOf = (box) => [...popupOf(box).querySelectorAll('[role="option"]:not([aria-disabled])')];

function show(popup) {
  const box = boxOf(popup);
  if (!box || popup !== popupOf(box) || document.activeElement !== inputOf(box)) return;
  if (!inputOf(box).value.trim()) return hide(box);
  popup.hidden = false;
  inputOf(box).setAttribute("aria-expanded", "true");
  select(box, optionsOf(box)[0]);
}

function hide(box) {
  popupOf(box).hidden = true;
  inputOf(box).setAttribute("aria-expanded", "false");
  inputOf(box).removeAttribute("aria-activedescendant");
}

function select(box, option) {
  for (const other of optionsOf(box)) other.setAttribute("aria-selected", String(other === option));
  if (!option) return inputOf(box).removeAttribute("aria-activedescendant");
  inputOf(box).setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function pressed(event) {
  const box = event.target.matches?.('[role="combobox"]') && boxOf(event.target);
  if (!box || popupOf(box).hidden) return;
  const options = optionsOf(box);
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const moves = { ArrowDown: (at + 1) % options.length, ArrowUp: (at - 1 + options.length) % options.length };
  if (event.key in moves) select(box, options[moves[event.key]]);
  else if (event.key === "Enter" && options[at]) choose(box, options[at]);
  else if (event.key === "Escape") hide(box);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// What was chosen no longer holds once the words change.
function typed(event) {
  const box = event.target.matches?.('[role="combobox"]') && boxOf(event.target);
  if (!box) return;
  if (!event.target.value.trim()) hide(box);
  const hidden = box.querySelector('input[type="hidden"]');
  if (hidden?.value) take(hidden, "");
}

function pointed(event) {
  const option = event.target.closest('[role="option"]:not([aria-disabled])');
  if (!option) return;
  event.preventDefault();
  choose(boxOf(option), option);
}

function left(event) {
  for (const popup of document.querySelectorAll('[role="listbox"]:not([hidden])')) {
    if (!boxOf(popup).contains(event.target)) hide(boxOf(popup));
  }
}

function choose(box, option) {
  hide(box);
  const { href, value, label, opensHref } = option.dataset;
  if (href) return location.assign(href);
  if (opensHref) return htmx.ajax("GET", opensHref, { source: inputOf(box), target: "#dialogs", swap: "beforeend" });
  inputOf(box).value = label;
  take(box.querySelector('input[type="hidden"]'), value);
}

function take(hidden, value) {
  hidden.value = value;
  hidden.dispatchEvent(new Event("change", { bubbles: true }));
}

// A patient registered from inside a booking is chosen there at once.
function registered({ id, name }) {
  const hidden = document.querySelector('dialog[open] input[type="hidden"][name="patient_id"]');
  if (!hidden) return;
  inputOf(boxOf(hidden)).value = name;
  take(hidden, id);
}
