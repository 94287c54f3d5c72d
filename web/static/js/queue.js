// The board of the day: read anew when other desks change something, and once a minute; a key moves who has the focus.
import { listen } from "./calendar/live.js";

const root = document.querySelector(".queue");
const MINUTE = 60000;

function again() {
  if (root.querySelector("form[data-busy]")) return;
  htmx.ajax("GET", "/queue", { source: root, target: "#board", swap: "outerHTML" });
}

listen(root.dataset.stream, document.getElementById("live"), { live: root.dataset.liveWords, paused: root.dataset.pausedWords }, again);
setInterval(() => document.hidden || again(), MINUTE);

root.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const button = event.target.closest("[data-card]")?.querySelector(`[data-move="${CSS.escape(event.key)}"]`);
  if (!button) return;
  event.preventDefault();
  event.stopPropagation();
  button.click();
});

// Who was moved keeps the focus in the column where they stand now.
let moved = "";
document.addEventListener("htmx:beforeRequest", (event) => {
  const card = event.detail.elt.closest?.("[data-card]");
  if (card) moved = card.querySelector("a").id;
});
document.addEventListener("htmx:afterSettle", () => {
  if (!moved) return;
  document.getElementById(moved)?.focus();
  moved = "";
});
