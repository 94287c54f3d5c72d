// What other desks change, over server-sent events. Only a screen that is seen, and at which somebody works, listens:
// browsers keep six connections to a server, and a screen that nobody touches must not keep a session alive.

const AT_MOST_EVERY = 1500;
const SOON = 250;
const LEFT_ALONE = 20 * 60 * 1000;
const TRY_AGAIN = 15000;

export function listen(address, sign, words, again) {
  let stream = null;
  let last = Date.now();
  let told = 0;
  let waiting = null;
  let changed = new Set();

  function open() {
    if (stream || document.hidden || Date.now() - last > LEFT_ALONE) return;
    stream = new EventSource(address);
    stream.addEventListener("open", () => show(true));
    stream.addEventListener("changed", (event) => soon(JSON.parse(event.data).appointments.map(({ id }) => id)));
    stream.addEventListener("reset", () => soon([]));
    stream.addEventListener("error", () => {
      show(false);
      if (stream?.readyState !== EventSource.CLOSED) return;
      stream = null;
      setTimeout(returned, TRY_AGAIN);
    });
  }

  function close() {
    stream?.close();
    stream = null;
  }

  // Several changes are one reading, and a busy clinic is read no more often than it can be looked at.
  function soon(ids) {
    for (const id of ids) changed.add(id);
    waiting ??= setTimeout(() => {
      waiting = null;
      told = Date.now();
      const known = [...changed];
      changed = new Set();
      again(known);
    }, Math.max(SOON, told + AT_MOST_EVERY - Date.now()));
  }

  function returned() {
    if (stream || document.hidden) return;
    open();
    if (stream) soon([]);
  }

  function touched() {
    const away = Date.now() - last > LEFT_ALONE;
    last = Date.now();
    if (away) returned();
  }

  function show(live) {
    sign.hidden = live;
    sign.title = live ? words.live : words.paused;
    document.querySelector("[data-stream]").dataset.live = live ? "true" : "";
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : returned()));
  for (const kind of ["pointerdown", "keydown", "pointermove"]) document.addEventListener(kind, touched, { passive: true });
  setInterval(() => Date.now() - last > LEFT_ALONE && close(), 60000);
  addEventListener("pagehide", close);
  open();
}
