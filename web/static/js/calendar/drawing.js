// From what the server tells to what the grid shows. Times are wall times: the grid adds no zone of its own.

const SLOT_HEIGHT = 24; // of a quarter of an hour, so that the shortest visit can be hit
const pad = (number) => String(number).padStart(2, "0");
const wall = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
const length = (event) => Math.round((event.end - event.start) / 60000);

export function draw(root, shown, { words, mayWrite, click, book, dropped }) {
  const weekly = Boolean(root.dataset.weekly);
  const icons = root.dataset.icons;
  const calendar = EventCalendar.create(root, {
    view: weekly ? "timeGridWeek" : "resourceTimeGridDay",
    date: shown.first,
    locale: root.dataset.locale,
    timeZone: offset(shown.zone),
    headerToolbar: { start: "", center: "", end: "" },
    allDaySlot: false,
    nowIndicator: true,
    firstDay: 1,
    slotDuration: "00:15",
    slotLabelInterval: "01:00",
    slotHeight: SLOT_HEIGHT,
    slotEventOverlap: false,
    slotLabelFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    dayHeaderFormat: { weekday: "short", day: "numeric", month: "short" },
    columnWidth: weekly ? "minmax(6.5rem, 1fr)" : "minmax(7.5rem, 1fr)",
    customScrollbars: false,
    scrollTime: now(shown),
    pointer: mayWrite,
    editable: false,
    longPressDelay: 400,
    eventContent: ({ event }) => (event.extendedProps.room ? room(event) : event.display === "background" ? shade(event) : visit(event, icons)),
    eventDidMount: ({ event, el }) => event.extendedProps.room && reachable(el),
    resourceLabelContent: ({ resource }) => head(resource, words),
    eventClick: ({ event, el }) => click(event.id, el),
    dateClick: ({ date, resource }) => book(resource?.id ?? shown.columns[0]?.id, wall(date)),
    eventDrop: ({ event, revert }) => dropped(event.id, { start: wall(event.start), consultant_id: event.resourceIds[0] }, element(root, event.id), revert),
    eventResize: ({ event, revert }) => dropped(event.id, { minutes: length(event) }, element(root, event.id), revert),
    ...content(shown, weekly),
  });
  // The line of the present follows the clock of the place, also over the night in which that is changed.
  const follow = () => {
    if (calendar.getOption("timeZone") === offset(shown.zone)) return;
    calendar.setOption("timeZone", offset(shown.zone));
    calendar.setOption("date", shown.first);
    show(shown); // the grid has moved everything along, but what it was told are wall times
  };
  const show = (fresh) => {
    shown = fresh;
    for (const [name, value] of Object.entries(content(fresh, weekly))) calendar.setOption(name, value);
  };
  setInterval(follow, 60000);
  return {
    show,
    element: (id) => element(root, id),
    at: ({ consultant, start }) => {
      const there = (one) => one.consultant === consultant && one.start <= start && start < one.end;
      const taken = shown.visits.find(there);
      return taken ? element(root, taken.id) : free(root, shown.rooms.find(there));
    },
  };
}

function element(root, id) {
  return id && root.querySelector(`[data-id="${CSS.escape(id)}"]`)?.closest(".ec-event");
}

const key = ({ consultant, start }) => `${consultant} ${start}`;

function free(root, one) {
  return one && root.querySelector(`[data-room="${CSS.escape(key(one))}"]`)?.closest(".room");
}

function content(shown, weekly) {
  const columns = shown.columns.map(({ id, ...rest }) => ({ id, title: rest.name, extendedProps: rest }));
  return {
    slotMinTime: shown.hours[0],
    slotMaxTime: shown.hours[1],
    ...(weekly ? {} : { resources: columns }),
    events: [...shown.shades.map(asShade), ...shown.rooms.map(asRoom), ...shown.visits.map(asVisit)],
  };
}

function asShade({ consultant, start, end, kind, word }, index) {
  return { id: `shade-${index}`, resourceIds: [consultant], start, end, display: "background", classNames: ["shade", kind], extendedProps: { word } };
}

// Room in a day is nothing to see until the keyboard reaches it.
function asRoom({ consultant, start, end, label }) {
  return { id: `room-${key({ consultant, start })}`, resourceIds: [consultant], start, end, display: "background", classNames: ["room"], extendedProps: { room: key({ consultant, start }), label } };
}

function asVisit(one) {
  const classNames = ["visit", `is-${one.status}`, ...(one.attention ? ["needs-attention"] : [])];
  return {
    id: one.id,
    resourceIds: [one.consultant],
    start: one.start,
    end: one.end,
    editable: one.movable,
    startEditable: one.movable,
    durationEditable: Boolean(one.resizable),
    classNames,
    styles: [`--type: ${one.colour}`],
    extendedProps: one,
  };
}

function make(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  if (text) made.dir = "auto"; // a name is cut off at its own end, whatever the screen's language
  return made;
}

function icon(icons, name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("class", "icon");
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${icons}#${name}`);
  made.append(use);
  return made;
}

function visit(event, icons) {
  const { icon: name, word, patient, visit: kind, place, label, status, attention } = event.extendedProps;
  const time = `${pad(event.start.getHours())}:${pad(event.start.getMinutes())}`;
  const box = make("div", "visit-box");
  box.dataset.id = event.id;
  const first = make("div", "visit-first");
  first.append(icon(icons, name), make("span", "visit-time", time), make("span", "visit-who", patient));
  const note = make("div", "visit-note", [status === "booked" && !attention ? "" : word, kind, place].filter(Boolean).join(" · "));
  first.ariaHidden = note.ariaHidden = "true"; // parts of it go when there is no room; what is read out is whole
  box.append(first, note, make("span", "unseen", label));
  box.title = label;
  return { domNodes: [box] };
}

function shade(event) {
  const word = event.extendedProps.word;
  return { domNodes: word ? [make("span", "shade-word", word)] : [] };
}

function room(event) {
  const box = make("span", "room-word", event.extendedProps.label);
  box.dataset.room = event.extendedProps.room;
  return { domNodes: [box] };
}

function reachable(element) {
  element.tabIndex = -1;
  element.setAttribute("role", "button");
}

function head(resource, words) {
  const { name, note, visits, href } = resource.extendedProps;
  const link = make("a", "column-head");
  link.href = href;
  link.title = words.week.replace("%(name)s", name);
  link.append(make("span", "column-name", name), make("span", "column-note", [note, visits ? words.visits.replace("%(count)s", visits) : ""].filter(Boolean).join(" · ")));
  return { domNodes: [link] };
}

// How far the place's clock is from UTC at present, as the grid wants it. The grid takes no difference at all for the
// browser's own zone, so that one is a minute, which nobody sees.
function offset(zone) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(new Date());
  const told = parts.find(({ type }) => type === "timeZoneName").value.slice(3);
  return ["", "+00:00"].includes(told) ? "+00:01" : told;
}

// The grid opens where the day stands, an hour before.
function now(shown) {
  const hour = Number(new Intl.DateTimeFormat("en", { hour: "numeric", hourCycle: "h23", timeZone: shown.zone }).format(new Date()));
  const first = Number(shown.hours[0].slice(0, 2));
  return `${pad(Math.max(first, Math.min(hour - 1, 23)))}:00`;
}
