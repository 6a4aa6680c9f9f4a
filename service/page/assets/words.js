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

// 4 h 30; over 7 d where it was down as the week began.
export function formatDownFor(seconds, isCut) {
  if (seconds === null) return "down";
  return isCut ? `over ${Math.floor(seconds / DAY_S)} d` : formatShortSpan(seconds);
}

// 41 min ago. isSilent: the last poll was more than two hours before now.
export function formatLastPoll(agoSeconds, isSilent) {
  if (isSilent) return `no poll for ${formatShortSpan(agoSeconds)}`;
  return agoSeconds < 60 ? "just now" : `${formatShortSpan(agoSeconds)} ago`;
}

// Of data so old that an age says nothing: 10 Mar 16:00.
export function formatLastPollTime(ms, isSilent, offset) {
  return isSilent ? `none since ${formatShortTime(ms, offset)}` : formatShortTime(ms, offset);
}

// How long something goes on: 4 d 1 h, or 2 h 15 min below two days.
export function formatSpan(seconds) {
  if (seconds < DAYS_FROM_S) return formatDuration(seconds);
  const hours = Math.floor(Math.trunc(seconds + 1800) / 3600);
  return [`${Math.floor(hours / 24)} d`, hours % 24 && `${hours % 24} h`].filter(Boolean).join(" ");
}

const formatShortSpan = (seconds) => seconds < DAYS_FROM_S ? formatHours(seconds) : formatSpan(seconds);

// Fri 18:42 on a clock that is so many minutes ahead of UTC.
export function formatWeekTime(ms, offset) {
  const there = ms + offset * MINUTE_MS;
  return `${formatWeekday(there)} ${new Date(there).toISOString().slice(11, 16)}`;
}

const MINUTE_MS = 60_000;
export const OLD_S = 7200; // as humanize.is_old
export const DAY_S = 86_400;
const DAYS_FROM_S = 2 * DAY_S;

// Tue 10 Mar 16:00, of another year than this Tue 10 Mar 2020, 16:00, on a clock that is so many minutes ahead of UTC. Not by Intl, whose texts differ between browsers and
// would not be those of the server.
export const formatTime = (ms, offset) => `${formatWeekday(ms + offset * MINUTE_MS)} ${formatShortTime(ms, offset)}`;

// 10 Mar 16:00, of another year than this 10 Mar 2020, 16:00
export function formatShortTime(ms, offset) {
  const there = new Date(ms + offset * MINUTE_MS);
  const year = there.getUTCFullYear() === new Date().getUTCFullYear() ? "" : ` ${there.getUTCFullYear()},`;
  return `${there.getUTCDate()} ${MONTHS[there.getUTCMonth()]}${year} ${there.toISOString().slice(11, 16)}`;
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

export const isolated = (text) => TURNING.test(text) ? `\u2068${withoutControls(text)}\u2069` : text;

// Text of others for a <bdi>.
export const withoutControls = (text) => text.replace(CONTROLS, "\ufffd");
