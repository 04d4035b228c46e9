// Follows a session while it is archived: asks what is new, slower the longer nothing is.
const timeline = document.querySelector(".timeline[data-live]");
const sign = document.querySelector(".live");
const FIRST = 1000, MOST = 30000;
let wait = FIRST, timer = 0, asking = false, full = false;

const say = (text, on) => {
  if (sign.textContent !== text) sign.textContent = text;
  sign.classList.toggle("on", on);
};

const isAtEnd = () => innerHeight + scrollY > document.documentElement.scrollHeight - 200;

// The strip, the counts, the contents: what stands around the records says what they say.
function renew(page) {
  for (const fresh of page.querySelectorAll("[data-part]")) {
    const known = document.querySelector(`body [data-part="${fresh.dataset.part}"]`);
    if (!known) continue;
    fresh.hidden = known.hidden;
    if (known.outerHTML === fresh.outerHTML) continue;
    const focused = known.contains(document.activeElement) ? document.activeElement : null;
    const same = focused && [...fresh.querySelectorAll("a, button")].find((one) =>
      one.getAttribute("href") === focused.getAttribute("href") && one.dataset.key === focused.dataset.key);
    known.replaceWith(fresh);
    same?.focus({ preventScroll: true });
  }
  document.title = document.querySelector("h1").textContent.slice(0, 80);
}

// What is on the page stays as the reader has it; only what is new or has changed is put in.
function take(page) {
  const atEnd = isAtEnd();
  const children = [...page.children];
  const first = children.map((fresh) => fresh.id && document.getElementById(fresh.id)).find((known) => known && known.parentElement === timeline);
  let last = null, count = 0;
  for (const fresh of children) {
    const known = fresh.id && document.getElementById(fresh.id);
    if (known && known.parentElement === timeline) {
      if (known.dataset.html !== undefined ? known.dataset.html !== digest(fresh) : digest(known) !== digest(fresh)) {
        const wasOpen = [...known.querySelectorAll("details")].map((details) => details.open);
        [...fresh.querySelectorAll("details")].forEach((details, n) => { details.open = wasOpen[n] ?? false; });
        fresh.dataset.html = digest(fresh);
        known.replaceWith(fresh);
        last = fresh;
      } else last = known;
      continue;
    }
    fresh.classList.add("new");
    if (last) last.after(fresh); else if (first) first.before(fresh); else timeline.append(fresh);
    last = fresh;
    count += 1;
  }
  for (const empty of timeline.querySelectorAll(".empty")) if (count) empty.remove();
  if (count && atEnd) last.scrollIntoView({ block: "end" });
  return count;
}

// What it says; which of its parts are open is the reader's.
const digest = (element) => {
  const copy = element.cloneNode(true);
  for (const part of [copy, ...copy.querySelectorAll("*")]) {
    part.removeAttribute("open"); part.removeAttribute("data-html"); part.classList.remove("on", "new");
    if (!part.classList.length) part.removeAttribute("class");
  }
  return copy.outerHTML;
};

async function ask() {
  if (asking || full || document.hidden) return;
  asking = true;
  try {
    const answer = await fetch(`${timeline.dataset.live}&seen=${encodeURIComponent(timeline.dataset.seen)}`, { cache: "no-store" });
    if (answer.status === 200) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
      timeline.dataset.seen = page.dataset.seen;
      const entries = page.querySelector(".entries");
      for (const name of ["afterPrompt", "afterError", "afterCommand", "afterCompaction"]) {
        if (name in entries.dataset) timeline.dataset[name] = entries.dataset[name]; else delete timeline.dataset[name];
      }
      const wasAtEnd = isAtEnd();
      const count = take(entries);
      renew(page);
      wait = FIRST;
      if (page.dataset.next) { // the page is full
        full = true;
        say("goes on on the next page", false);
        if (wasAtEnd) location.assign(page.dataset.last);
        return;
      }
      say(count ? `following: ${count} new` : "following", true);
    } else if (answer.status === 204) {
      say("following", true);
      wait = Math.min(wait * 1.5, MOST);
    } else throw new Error(String(answer.status));
  } catch {
    wait = Math.min(wait * 2, MOST);
    say("not following: the server does not answer", false);
  } finally {
    asking = false;
  }
  timer = setTimeout(ask, wait);
}

if (timeline && sign) {
  // An address without the anchor our links have.
  if (!location.hash && new URLSearchParams(location.search).get("at") === "last") document.getElementById("end").scrollIntoView();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { clearTimeout(timer); wait = FIRST; ask(); } });
  say("following", true);
  timer = setTimeout(ask, wait);
}
