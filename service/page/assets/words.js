// Numbers, durations and instants as people read them: the rules of humanize.py, for what scripts write by themselves.

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// 12,345, of whole numbers. Not by toLocaleString: its first call takes as long as all rows in sight.
export const formatNumber = (value) => String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");

export const formatWeekday = (ms) => DAYS[new Date(ms).getUTCDay()];

export function formatDuration(seconds) {
  if (seconds === null) return "unknown";
  if (seconds > 0 && seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.floor((Math.trunc(seconds + 30)) / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours && `${hours} h`, (rest || !hours) && `${rest} min`].filter(Boolean).join(" ");
}

// 84 h 30, 43 min, 30 s or 0: a length where many stand below each other.
export function formatHours(seconds) {
  if (seconds === null) return "unknown";
  if (seconds < 60) return seconds ? `${Math.ceil(seconds)} s` : "0";
  const minutes = Math.floor(Math.trunc(seconds + 30) / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return hours ? `${hours} h ${String(rest).padStart(2, "0")}` : `${rest} min`;
}

export function formatDownFor(seconds, isCut) {
  if (seconds === null) return "down";
  return isCut ? `at least ${Math.floor(seconds / DAY_S)} d` : formatHours(seconds);
}

// 41 min ago; no poll for 81 h 35 where that is more than two hours.
export function formatPollAge(seconds) {
  if (seconds > OLD_S) return `no poll for ${formatHours(seconds)}`;
  return seconds < 60 ? "just now" : `${formatHours(seconds)} ago`;
}

// 3 d 2 h, or 2 h 15 min below a day.
export function formatSpan(seconds) {
  if (seconds < DAY_S) return formatDuration(seconds);
  const hours = Math.round(seconds / 3600);
  return [`${Math.floor(hours / 24)} d`, hours % 24 && `${hours % 24} h`].filter(Boolean).join(" ");
}

// Fri 18:42 on a clock that is so many minutes ahead of UTC.
export function formatWeekTime(ms, offset) {
  const there = ms + offset * MINUTE_MS;
  return `${formatWeekday(there)} ${new Date(there).toISOString().slice(11, 16)}`;
}

const MINUTE_MS = 60_000;
export const OLD_S = 7200; // as humanize.is_old
const DAY_S = 86_400;

// Tue 10 Mar 16:00 on a clock that is so many minutes ahead of UTC. Not by Intl, whose texts differ between browsers and
// would not be those of the server.
export const formatTime = (ms, offset) => `${formatWeekday(ms + offset * MINUTE_MS)} ${formatShortTime(ms, offset)}`;

// 10 Mar 16:00
export function formatShortTime(ms, offset) {
  const there = new Date(ms + offset * MINUTE_MS);
  return `${there.getUTCDate()} ${MONTHS[there.getUTCMonth()]} ${there.toISOString().slice(11, 16)}`;
}

// −05:00
export function formatOffset(offset) {
  const minutes = Math.abs(offset);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0"));
  return `${offset < 0 ? "−" : "+"}${hours}:${rest}`;
}

// How old the newest data is: 2 min ago; with a mark where it is old: ⚠ 5 h old, ⚠ 3 days old.
export function formatDataAge(seconds) {
  const minutes = Math.floor(seconds / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours >= 48) return `⚠ ${formatNumber(Math.floor(hours / 24))} days old`;
  if (seconds > OLD_S) return `⚠ ${hours} h old`;
  if (minutes === 0) return "just now";
  return `${[hours && `${hours} h`, rest && `${rest} min`].filter(Boolean).join(" ")} ago`;
}

export const ageClass = (seconds) => seconds > DAY_S ? "very-old" : seconds > OLD_S ? "old" : "fresh";

// Text of others for a place that takes no <bdi> element, such as a title: it turns nothing around it, and the marks
// that would turn it are shown as such.
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
const TURNING = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

export const isolated = (text) => TURNING.test(text) ? `\u2068${text.replace(CONTROLS, "\ufffd")}\u2069` : text;
