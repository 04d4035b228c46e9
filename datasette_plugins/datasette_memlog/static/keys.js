// Keys of the reading pages. Every key does what a link or a button of the page does too.
const timeline = document.querySelector(".timeline");
const LAND = { n: ["prompt", 1], p: ["prompt", -1], e: ["error", 1], E: ["error", -1], x: ["command", 1], X: ["command", -1], c: ["compaction", 1], C: ["compaction", -1] };

const marked = (name) => name === "command" ? "[data-failed=command]" : `[data-land=${name}]`;
const shown = (element) => element.getClientRects().length > 0;

function open(element) {
  for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
}

function go(element) {
  const note = document.querySelector(".stop");
  if (note) note.textContent = "";
  open(element.parentElement);
  for (const was of document.querySelectorAll(".timeline .on, .e.on")) was.classList.remove("on");
  element.classList.add("on");
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "start" });
}

// Where the reader stands: what has the focus, else what a key or a link led to, while it is in sight (a
// browser takes the focus away again where a link led to what cannot have it).
function standing() {
  const focused = document.activeElement?.closest?.(".e, .compaction");
  if (focused && timeline.contains(focused)) return focused;
  const landed = document.activeElement === document.body ? timeline.querySelector(".on") : null;
  const place = landed?.getBoundingClientRect();
  return place && place.bottom > edge() && place.top < innerHeight ? landed : null;
}

const edge = () => document.querySelector(".strip")?.getBoundingClientRect().bottom ?? 0;

const topmost = () => [...timeline.querySelectorAll(".e, .compaction")].filter(shown).find((element) => element.getBoundingClientRect().bottom > edge());

function step(name, way) {
  const all = [...timeline.querySelectorAll(name ? marked(name) : ".e, .compaction")].filter(shown);
  const stands = standing();
  const at = stands ?? topmost();
  const follows = (element) => at && (at.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING);
  // From a compaction's own record the one before it is another compaction.
  const isOwn = (element) => name === "compaction" && element.nextElementSibling === at;
  const precedes = (element) => at && (at.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_PRECEDING) && !element.contains(at) && !isOwn(element);
  const next = way > 0 ? all.find((element) => follows(element) || (!stands && element === at)) : all.findLast(precedes);
  if (next) go(next);
  return Boolean(next);
}

// What a key looked for in vain.
function tell(name, way) {
  const note = document.querySelector(".stop");
  if (!note) return;
  const some = timeline.querySelector(marked(name)) || timeline.matches(`[data-before-${name}], [data-after-${name}]`);
  const word = name === "command" ? "failed command" : name;
  const said = some ? `no ${way > 0 ? "later" : "earlier"} ${word}` : `no ${word} in this session`;
  note.textContent = ""; // so that the same words are said again
  setTimeout(() => { note.textContent = said; }, 50);
}

function press(key) {
  if (timeline && key in LAND) {
    const [name, way] = LAND[key];
    if (step(name, way)) return true;
    const beyond = timeline.getAttribute(`data-${way > 0 ? "after" : "before"}-${name}`);
    if (beyond) location.assign(beyond);
    else tell(name, way);
    return true;
  }
  if (timeline && (key === "g" || key === "G")) {
    const link = document.querySelector(key === "g" ? ".to-first" : ".to-last");
    const all = [...timeline.querySelectorAll(".e, .compaction")].filter(shown);
    const last = key === "g" ? all[0] : all.at(-1);
    if (link) link.click();
    else if (last) go(last);
    return true;
  }
  if (timeline && (key === "j" || key === "k")) return step("", key === "j" ? 1 : -1) || true;
  if (timeline && key === "o") {
    const details = document.activeElement?.closest?.(".e")?.querySelector("details");
    if (details) details.open = !details.open;
    return true;
  }
  if (timeline && key === "O") {
    const all = [...timeline.querySelectorAll("details")];
    const opened = all.some((details) => !details.open);
    const read = standing() ?? topmost();
    const top = read?.getBoundingClientRect().top;
    for (const details of all) details.open = opened;
    // What is read stays where it is, whatever opens above it.
    if (read && shown(read)) scrollBy({ top: read.getBoundingClientRect().top - top, behavior: "instant" });
    return true;
  }
  if (key === "ArrowRight" || key === "ArrowLeft") {
    const link = document.querySelector(`a[rel=${key === "ArrowRight" ? "next" : "prev"}]`);
    if (link) link.click();
    return Boolean(link);
  }
  if (key === "/") {
    const box = document.querySelector("input[data-key='/'], main input[type=search]");
    if (box) { box.focus(); box.select(); }
    return Boolean(box);
  }
  if (key === "?") {
    document.querySelector("dialog.keys")?.showModal();
    return true;
  }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target.matches?.("input[type=search]")) { // what was typed stays
    event.target.blur();
    return event.preventDefault();
  }
  if (event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
  if (event.key.startsWith("Arrow") && event.target.closest?.("pre, .scroll, .diff")) return; // they scroll
  if (press(event.key)) event.preventDefault();
});

for (const button of document.querySelectorAll("button[data-key]")) {
  button.hidden = false;
}
// A page that follows renews its buttons, so it is the document that listens.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-key]");
  if (button) press(button.dataset.key);
});
for (const jump of document.querySelectorAll(".jump")) jump.hidden = false;

// A link may lead into what is closed.
function arrive() {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id && document.getElementById(id);
  if (!target) return;
  open(target);
  const entry = target.closest(".e, .compaction"); // of an answer the call it is in: keys go on from there
  if (entry) {
    for (const was of document.querySelectorAll(".timeline .on, .e.on")) was.classList.remove("on");
    entry.classList.add("on");
    if (entry.closest(".timeline")) entry.focus({ preventScroll: true });
  }
  // Of an answer its call is what was asked for too: both, where there is room for them.
  const above = entry ? target.getBoundingClientRect().top - entry.getBoundingClientRect().top : 0;
  const both = target.matches(".answer") && above < (innerHeight - edge()) / 2;
  (both ? entry : target).scrollIntoView({ block: "start" });
}
addEventListener("load", arrive); // again: a browser goes to the answer itself when the page is there
addEventListener("hashchange", arrive);
arrive();

// On a narrow page what stands beside the text comes after a tap.
if (matchMedia("(max-width: 62rem)").matches) for (const side of document.querySelectorAll(".contents-in")) side.open = false;
if (matchMedia("(max-width: 75rem)").matches) for (const side of document.querySelectorAll(".facets")) side.open = false;
