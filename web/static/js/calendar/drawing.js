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
    timeZone: shown.offset,
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
    eventContent: ({ event }) => (event.display === "background" ? shade(event) : visit(event, icons)),
    resourceLabelContent: ({ resource }) => head(resource, words),
    eventClick: ({ event, el }) => click(event.id, el),
    dateClick: ({ date, resource }) => book(resource?.id ?? shown.columns[0]?.id, wall(date)),
    eventDrop: ({ event, revert }) => dropped(event.id, { start: wall(event.start), consultant_id: event.resourceIds[0] }, element(root, event.id), revert),
    eventResize: ({ event, revert }) => dropped(event.id, { minutes: length(event) }, element(root, event.id), revert),
    ...content(shown, weekly),
  });
  return {
    show: (fresh) => {
      shown = fresh;
      for (const [name, value] of Object.entries(content(fresh, weekly))) calendar.setOption(name, value);
    },
    element: (id) => element(root, id),
  };
}

function element(root, id) {
  return root.querySelector(`[data-id="${CSS.escape(id)}"]`)?.closest(".ec-event");
}

function content(shown, weekly) {
  const columns = shown.columns.map(({ id, ...rest }) => ({ id, title: rest.name, extendedProps: rest }));
  return {
    slotMinTime: shown.hours[0],
    slotMaxTime: shown.hours[1],
    ...(weekly ? {} : { resources: columns }),
    events: [...shown.shades.map(asShade), ...shown.visits.map(asVisit)],
  };
}

function asShade({ consultant, start, end, kind, word }, index) {
  return { id: `shade-${index}`, resourceIds: [consultant], start, end, display: "background", classNames: ["shade", kind], extendedProps: { word } };
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

function head(resource, words) {
  const { name, note, visits, href } = resource.extendedProps;
  const link = make("a", "column-head");
  link.href = href;
  link.title = words.week.replace("%(name)s", name);
  link.append(make("span", "column-name", name), make("span", "column-note", [note, visits ? words.visits.replace("%(count)s", visits) : ""].filter(Boolean).join(" · ")));
  return { domNodes: [link] };
}

// The grid opens where the day stands, an hour before.
function now(shown) {
  const hour = Number(new Intl.DateTimeFormat("en", { hour: "numeric", hourCycle: "h23", timeZone: shown.zone }).format(new Date()));
  const first = Number(shown.hours[0].slice(0, 2));
  return `${pad(Math.max(first, Math.min(hour - 1, 23)))}:00`;
}
