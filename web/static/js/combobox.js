// Type to find, after the WAI-ARIA combobox pattern: the server sends the options, this moves among them and chooses.

export function followCombobox() {
  document.addEventListener("htmx:afterSwap", (event) => show(event.detail.target));
  document.addEventListener("keydown", pressed);
  document.addEventListener("input", typed);
  document.addEventListener("mousedown", pointed);
  document.addEventListener("focusin", left);
  document.addEventListener("focusout", settled);
  document.addEventListener("click", clicked);
  document.addEventListener("change", hushed, true);
  document.addEventListener("patient-registered", (event) => registered(event.detail));
}

const boxOf = (element) => element.closest?.("[data-combobox]");
const inputOf = (box) => box.querySelector('[role="combobox"]');
const popupOf = (box) => box.querySelector('[role="listbox"]');
const hiddenOf = (box) => box.querySelector('input[type="hidden"]');
// A field that stands for a long list of choices: it shows them when it is opened, and its own words are not sent.
const chooses = (box) => box.dataset.combobox === "choose";
const optionsOf = (box) => [...popupOf(box).querySelectorAll('[role="option"]:not([aria-disabled])')];

function show(popup) {
  const box = boxOf(popup);
  if (!box || popup !== popupOf(box) || document.activeElement !== inputOf(box)) return;
  if (!inputOf(box).value.trim() && !chooses(box)) return hide(box);
  popup.hidden = false;
  popup.scrollIntoView({ block: "nearest" });
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
  if (!box) return;
  if (popupOf(box).hidden) return opens(event, box);
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
  if (chooses(box)) soon(box, event.target.value);
  if (hiddenOf(box)?.value) take(hiddenOf(box), "");
}

let waiting;

function soon(box, words) {
  clearTimeout(waiting);
  waiting = setTimeout(() => find(box, words), 120);
}

function find(box, words) {
  const input = inputOf(box);
  htmx.ajax("GET", `${box.dataset.source}?find=${encodeURIComponent(words.trim())}`, { source: input, target: popupOf(box), swap: "innerHTML" });
}

function opens(event, box) {
  if (!chooses(box) || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  find(box, "");
}

function clicked(event) {
  const box = event.target.matches?.('[role="combobox"]') && boxOf(event.target);
  if (!box || !chooses(box) || !popupOf(box).hidden) return;
  event.target.select();
  find(box, "");
}

// Words that were typed and stand for no choice are not left to look like one.
function settled(event) {
  const box = event.target.matches?.('[role="combobox"]') && boxOf(event.target);
  if (!box || !chooses(box)) return;
  clearTimeout(waiting);
  hide(box);
  if (!hiddenOf(box).value) event.target.value = "";
}

// The form hears of a choice, not of the words that were typed on the way to it.
function hushed(event) {
  const box = event.target.matches?.('[role="combobox"]') && boxOf(event.target);
  if (box && chooses(box)) event.stopPropagation();
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
  take(hiddenOf(box), value);
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
