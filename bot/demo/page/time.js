// Times as the reader's own zone shows them, and Slack's <!date^…> tokens.

const parts = (epoch, zone, options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }).format(epoch * 1000);

const DATE = {
  date_num: (e, z) => new Intl.DateTimeFormat("en-CA", { timeZone: z }).format(e * 1000),
  date: (e, z) => parts(e, z, { day: "numeric", month: "long", year: "numeric" }),
  date_short: (e, z) => parts(e, z, { day: "numeric", month: "short", year: "numeric" }),
  date_long: (e, z) => parts(e, z, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  time: (e, z) => clock(e, z),
  time_secs: (e, z) => parts(e, z, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
};

export const clock = (epoch, zone) => parts(epoch, zone, { hour: "2-digit", minute: "2-digit" });
export const day = (epoch, zone) => parts(epoch, zone, { weekday: "long", day: "numeric", month: "long" });
export const dayShort = (epoch, zone) => parts(epoch, zone, { weekday: "short", day: "numeric", month: "short" });
export const dayKey = (epoch, zone) => DATE.date_num(epoch, zone);
export const full = (epoch, zone) => `${day(epoch, zone)}, ${clock(epoch, zone)}`;

export function slackDate(epoch, format, zone, now) {
  const near = { [dayKey(now, zone)]: "today", [dayKey(now - 86400, zone)]: "yesterday", [dayKey(now + 86400, zone)]: "tomorrow" };
  return format.replace(/\{([a-z_]+)\}/g, (token, name) => {
    if (name === "ago") return ago(epoch - now);
    const plain = name.replace(/_pretty$/, "");
    if (!(plain in DATE)) return token;
    return (name !== plain && near[dayKey(epoch, zone)]) || DATE[plain](epoch, zone);
  });
}

function ago(seconds) {
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return "just now";
}

// "2026-11-24T09:30" as a wall clock in `zone` → epoch seconds.
export function epochOf(wall, zone) {
  const asUtc = Date.parse(`${wall}:00Z`) / 1000;
  let epoch = asUtc;
  for (let round = 0; round < 2; round += 1) epoch = asUtc - (Date.parse(`${wallOf(epoch, zone)}:00Z`) / 1000 - epoch);
  return epoch;
}

export function wallOf(epoch, zone) {
  return `${dayKey(epoch, zone)}T${clock(epoch - (epoch % 60), zone)}`;
}
