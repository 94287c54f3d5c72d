// The little that the staff screens do by themselves; everything else is the server's answer in place.
import { followCombobox } from "./combobox.js";
import { followDialogs } from "./dialogs.js";
import { followFeedback } from "./feedback.js";
import { followKeys } from "./keys.js";

const token = document.querySelector('meta[name="csrf-token"]').content;

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRF-Token"] = token;
});

// A session that ended: sign in again and come back to this screen.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status !== 401) return;
  event.preventDefault();
  const back = encodeURIComponent(location.pathname + location.search);
  location.assign(`/sign-in?back=${back}`);
});

followDialogs();
followCombobox();
followFeedback(token);
followKeys();
