// What the pickers of a schedule say, as a cron expression: its five fields, or "" while something is not yet picked.

// often: day, weekday, week, month or hours; at: 06:15; weekdays: cron's numbers, 0 is Sunday; day: 1 to 28, or L for the
// last of a month; hours: every so many, counted from midnight, at this minute.
export function cronOf({ often, at, weekdays, day, hours, minute }) {
  if (often === "hours") return minute === "" ? "" : `${Number(minute)} ${hours === "1" ? "*" : `*/${hours}`} * * *`;
  const [hourOfDay, minuteOfHour] = at.split(":").map(Number);
  if (minuteOfHour === undefined) return "";
  const time = `${minuteOfHour} ${hourOfDay}`;
  if (often === "day") return `${time} * * *`;
  if (often === "weekday") return `${time} * * 1-5`;
  if (often === "month") return `${time} ${day} * *`;
  return weekdays.length ? `${time} * * ${weekdays.join(",")}` : "";
}
