// The live parts of the console. Every page works without this file: what it adds is that nobody has to press Reload.

const body = document.body;

// --- Times in the reader's own zone and form -------------------------------------------------------------------------

const language = document.documentElement.lang;
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (!Number.isNaN(date.getTime())) time.textContent = moment.format(date);
  }
}

// --- Lengths of time that go on ------------------------------------------------------------------------------------------

const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function length(exact) {
  const step = exact >= 86400 ? 3600 : exact >= 90 ? 60 : 1;
  let rest = Math.floor((Math.max(0, exact) + step / 2) / step) * step;
  const parts = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest %= size;
    if ((count > 0 && size >= step && parts.length < 2) || (size === 1 && parts.length === 0)) {
      parts.push(new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count));
    }
  }
  return parts.join(language === "ja" ? "" : " ").replaceAll(/(\d) (?=[^\d ]*[\u3040-\u9fff])/g, "$1");
}

let shownAt = performance.now();

// What counts: seconds that are left, or that have passed.
const counters = "[data-countdown], [data-countup]";

function count() {
  const passed = (performance.now() - shownAt) / 1000;
  for (const element of document.querySelectorAll(counters)) {
    const { countdown, countup } = element.dataset;
    const text = length(Math.max(0, Math.round(countdown === undefined ? Number(countup) + passed : Number(countdown) - passed)));
    if (element.textContent !== text) element.textContent = text;
  }
}

// --- What changes on the terminal changes here ---------------------------------------------------------------------------

let isFetching = false;
let isStale = false;
// A form was sent: its answer is the next page, and nothing may overtake it.
let isLeaving = false;
addEventListener("submit", (event) => { isLeaving = !event.defaultPrevented; });
addEventListener("pageshow", () => { isLeaving = false; });

// The same page is fetched again, and its live parts replace ours: there is one way to make a page.
async function refresh() {
  if (isLeaving) return;
  if (isFetching) { isStale = true; return; }
  isFetching = true;
  try {
    const response = await fetch(body.dataset.source, { headers: { Accept: "text/html" }, redirect: "manual", cache: "no-store" });
    if (isLeaving) return;
    if (response.type === "opaqueredirect") { location.reload(); return; }
    if (response.ok) replaceLiveParts(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // The stream of events notices that the terminal is gone, and says so.
  } finally {
    isFetching = false;
    if (isStale) { isStale = false; refresh(); }
  }
}

function replaceLiveParts(fresh) {
  shownAt = performance.now();
  for (const old of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(old.id);
    if (!next) continue;
    showTimes(next);
    update(old, next);
  }
  count();
}

// Changes only what differs, so that focus, choices in lists, a press of a button under way and what a screen reader says
// are left alone. `old` is the same part of the page as `next`.
function update(old, next) {
  if (old.isEqualNode(next)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) { old.data = next.data; return; }
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  // A choice is the reader's, and what counts is written by `count`.
  if (old.matches(`select, ${counters}`)) return;
  const rest = [...old.childNodes];
  for (const [child, kept] of matched(rest, [...next.childNodes])) {
    if (!kept) { old.insertBefore(document.importNode(child, true), rest[0] ?? null); continue; }
    while (rest[0] !== kept) rest.shift().remove();
    rest.shift();
    update(kept, child);
  }
  for (const gone of rest) gone.remove();
}

// Whether two nodes are the same part of the page, however it reads now.
function isSamePart(old, next) {
  return old.nodeName === next.nodeName && old.id === next.id && old.getAttribute?.("action") === next.getAttribute?.("action");
}

// Each of `after` with the one of `before` that is the same part: as many in order as there can be (their longest common
// subsequence), so that what comes or goes between two forms makes neither of them anew.
function matched(before, after) {
  const most = Array.from({ length: before.length + 1 }, () => new Array(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      most[i][j] = isSamePart(before[i], after[j]) ? most[i + 1][j + 1] + 1 : Math.max(most[i + 1][j], most[i][j + 1]);
    }
  }
  let i = 0;
  return after.map((child, j) => {
    while (i < before.length && most[i + 1][j] === most[i][j]) i += 1;
    const isKept = i < before.length && most[i][j] > most[i][j + 1];
    return [child, isKept ? before[i++] : undefined];
  });
}

// A terminal that restarts is away for a moment; only what lasts longer is worth a word.
const patience = 4000;

// A browser has six connections to a host, and [Stop] needs one of them: so only one tab holds the stream of events, and tells the others.
const tabs = new BroadcastChannel("events");

function tell(news) {
  tabs.postMessage(news);
  hear(news);
}

const lost = document.getElementById("connection-lost");
let losing;

function hear(news) {
  switch (news) {
    case "open":
      clearTimeout(losing);
      losing = undefined;
      if (!lost.hidden) lost.hidden = true;
      refresh();
      break;
    case "change": refresh(); break;
    case "error": losing ??= setTimeout(() => { lost.hidden = false; }, patience); break;
    // The session is over: then the page is not to be had either, and `refresh` leads to the sign-in. Or the answer was no stream.
    case "closed":
      refresh();
      setTimeout(() => { if (!isLeaving) location.reload(); }, patience * 2);
      break;
  }
}

// Holds the stream until the page is left.
async function hold() {
  const events = new EventSource("/events");
  events.addEventListener("open", () => tell("open"));
  events.addEventListener("change", () => tell("change"));
  events.addEventListener("error", () => {
    tell("error");
    if (events.readyState === EventSource.CLOSED) tell("closed");
  });
  await new Promise((resolve) => addEventListener("pagehide", resolve, { once: true }));
  events.close();
}

function listen() {
  // Locks want a safe origin, which a console behind somebody's own proxy may not have: then each tab has its stream.
  if (!navigator.locks) { hold(); return; }
  navigator.locks.request("events", { ifAvailable: true }, (lock) => {
    if (lock) return hold();
    // Another tab's stream is open already: what changed before this tab could hear of it is fetched here.
    refresh();
    navigator.locks.request("events", hold);
    return undefined;
  });
}

// --- Forms ------------------------------------------------------------------------------------------------------------------

function contents(form) {
  return new URLSearchParams(new FormData(form)).toString();
}

function watchUnsaved(form) {
  const original = contents(form);
  const isDraft = form.hasAttribute("data-changed");
  const isChanged = () => isDraft || contents(form) !== original;
  form.addEventListener("input", () => form.toggleAttribute("data-changed", isChanged()));
  let isLeaving = false;
  form.addEventListener("submit", () => { isLeaving = true; });
  addEventListener("beforeunload", (event) => {
    if (!isLeaving && contents(form) !== original) event.preventDefault();
  });
}

function watchBusy(button) {
  button.form?.addEventListener("submit", () => button.setAttribute("aria-busy", "true"));
  addEventListener("pageshow", () => button.removeAttribute("aria-busy"));
}

function offerCopy(button) {
  const field = document.getElementById(button.dataset.copy);
  const result = button.closest("p").parentElement.querySelector(".copy-result");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      result.textContent = body.dataset.copied;
    } catch {
      result.textContent = body.dataset.copyFailed;
    }
  });
}

showTimes(document);
count();
setInterval(count, 1000);
if (body.dataset.source) {
  tabs.addEventListener("message", ({ data }) => hear(data));
  // Also when the browser brings a page back that it had kept.
  addEventListener("pageshow", listen);
}
for (const form of document.querySelectorAll("form[data-unsaved]")) watchUnsaved(form);
for (const button of document.querySelectorAll("button[data-busy]")) watchBusy(button);
for (const button of document.querySelectorAll("button[data-copy]")) offerCopy(button);
document.querySelector("[data-focus]")?.focus();
// What was done is said once: a reload does not say it again.
if (new URLSearchParams(location.search).has("done")) {
  const address = new URL(location.href);
  for (const name of ["done", "about"]) address.searchParams.delete(name);
  history.replaceState(null, "", address);
}
