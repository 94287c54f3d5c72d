// Dialogs come as answers into #dialogs. They open as modals, trap focus, close with Esc, and give focus back.

export function followDialogs() {
  document.addEventListener("htmx:beforeRequest", (event) => rememberOpener(event.detail));
  document.addEventListener("htmx:afterSettle", (event) => settled(event.detail.target));
  document.addEventListener("click", clicked);
  document.addEventListener("toggle", closeOtherMenus, true);
  document.addEventListener("close-dialog", () => topmost()?.close());
}

let opener = null;

function rememberOpener(detail) {
  if (detail.target?.id === "dialogs") opener = detail.elt;
}

// After settling, because htmx gives the focus to the first autofocus field just before.
function settled(target) {
  if (target.id === "dialogs") open(target.lastElementChild);
  else if (target.matches?.("dialog[open]")) renew(target);
}

// The answer brought a heading of its own, and the dialog is named after that.
function renew(dialog) {
  const heading = dialog.querySelector(".dialog-head h2");
  if (heading) dialog.setAttribute("aria-labelledby", heading.id);
  focusInside(dialog);
}

function open(dialog) {
  const again = dialog.hasAttribute("data-single") && document.querySelectorAll(`#${dialog.id}`).length > 1;
  if (again) return dialog.remove();
  const pressed = document.activeElement;
  const from = opener?.isConnected && !opener.contains(pressed) ? opener : pressed;
  dialog.addEventListener("close", () => closed(dialog, from));
  // What was still being fetched for a dialog that has left has no place any more.
  dialog.addEventListener("htmx:beforeSwap", (event) => (event.detail.shouldSwap &&= dialog.isConnected));
  dialog.showModal();
  focusInside(dialog);
}

// A dialog that came as an answer leaves with its content; one that is part of the page stays.
function closed(dialog, from) {
  if (!dialog.hasAttribute("data-keep")) dialog.remove();
  if (document.activeElement === document.body && from?.isConnected) from.focus();
}

function focusInside(dialog) {
  const order = ['[aria-invalid="true"]', '[role="alert"] input', "[autofocus]", "[data-first]", ".dialog-body :is(input:not([type=hidden], [type=radio]), select, textarea)", ".dialog-foot .button"];
  const first = order.map((selector) => dialog.querySelector(selector)).find(Boolean);
  (first ?? dialog).focus();
}

function clicked(event) {
  const button = event.target.closest("[data-close], [data-opens], [data-print]");
  if (button?.hasAttribute("data-close")) button.closest("dialog").close();
  if (button?.hasAttribute("data-opens")) document.getElementById(button.dataset.opens).showModal();
  if (button?.hasAttribute("data-print")) print();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target) || event.target.closest("a, [data-opens]")) menu.open = false;
  }
}

function closeOtherMenus(event) {
  if (!event.target.matches?.("details.menu[open]")) return;
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== event.target) menu.open = false;
}

export function topmost() {
  return [...document.querySelectorAll("dialog[open]")].at(-1);
}
