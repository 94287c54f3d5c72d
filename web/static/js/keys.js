// Keyboard: every link, button or field with data-key answers to it ("/", "n", "g p"); "?" lists them all.
import { topmost } from "./dialogs.js";

let before = "";

export function followKeys() {
  document.addEventListener("keydown", pressed);
}

function pressed(event) {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) return act(event, "/");
  if (event.key === "Escape") return escape();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || topmost()) return;
  const pair = before ? `${before} ${event.key}` : "";
  before = event.key === "g" && !before ? "g" : "";
  if (before) setTimeout(() => (before = ""), 1200);
  act(event, pair || event.key);
}

function typing(element) {
  return element.matches?.("input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable], [role=listbox] *");
}

const find = (key) => [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((element) => element.checkVisibility());

// Today's appointments are a step away on every screen; on their own list "t" has a link of its own.
const ELSEWHERE = { t: "g a" };

function act(event, key) {
  const shown = find(key) ?? (ELSEWHERE[key] && find(ELSEWHERE[key]));
  if (!shown) return;
  event.preventDefault();
  if (shown.matches("input")) shown.select();
  else shown.click();
  if (shown.matches("input")) shown.focus();
}

// Esc closes an open menu and leaves a field; dialogs close by themselves.
function escape() {
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (document.activeElement?.id === "search") document.activeElement.blur();
}
