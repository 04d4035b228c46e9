// Follows a session while it is archived: asks what is new, slower the longer nothing is.
const timeline = document.querySelector(".timeline[data-live]");
const sign = document.querySelector(".live");
const FIRST = 1000, MOST = 30000;
let wait = FIRST, timer = 0, asking = false;

const say = (text, on) => {
  if (sign.textContent !== text) sign.textContent = text;
  sign.classList.toggle("on", on);
};

// What is on the page stays as the reader has it; only what is new or has changed is put in.
function take(page) {
  const atEnd = innerHeight + scrollY > document.documentElement.scrollHeight - 200;
  let last = null, count = 0;
  for (const fresh of [...page.children]) {
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
    if (last) last.after(fresh); else timeline.prepend(fresh);
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
  if (asking || document.hidden) return;
  asking = true;
  try {
    const answer = await fetch(`${timeline.dataset.live}&seen=${encodeURIComponent(timeline.dataset.seen)}`, { cache: "no-store" });
    if (answer.status === 200) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
      timeline.dataset.seen = page.dataset.seen;
      const count = take(page);
      wait = FIRST;
      if (page.dataset.next) {
        const link = document.createElement("a");
        link.href = page.dataset.next; link.rel = "next"; link.textContent = "It goes on: later →";
        const line = document.createElement("p");
        line.append(link); timeline.after(line);
        return say("goes on on the next page", false);
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
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { clearTimeout(timer); wait = FIRST; ask(); } });
  say("following", true);
  timer = setTimeout(ask, wait);
}
