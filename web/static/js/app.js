// The little that the staff screens do by themselves; everything else is the server's answer in place.
import { followCombobox } from "./combobox.js";
import { followDialogs } from "./dialogs.js";
import { followFeedback } from "./feedback.js";
import { followHolds } from "./holding.js";
import { followKeys } from "./keys.js";

const token = document.querySelector('meta[name="csrf-token"]');

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRF-Token"] = token.content;
});

// The session had ended and a new one has begun in a dialog: every form on the screen goes on with its token.
document.addEventListener("signed-in", (event) => {
  token.content = event.detail.csrf;
  for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = event.detail.csrf;
});

// Filters that lead to another page go there as soon as one is chosen.
document.addEventListener("change", (event) => event.target.form?.hasAttribute("data-submits") && event.target.form.requestSubmit());

// What is to be taken elsewhere, such as the address of a calendar.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  await navigator.clipboard.writeText(field.value);
  button.dispatchEvent(new CustomEvent("toast", { bubbles: true, detail: { message: button.dataset.copied } }));
});

followDialogs();
followCombobox();
followFeedback(token);
followHolds(token);
followKeys();
