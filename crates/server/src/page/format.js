// Words for what the control API answers in numbers.

/** `2026-11-24T10:00:00.123Z` as `2026-11-24 10:00:00.123`: UTC, as every time of the page. */
export function time(text) {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/.exec(text ?? "");
  if (!found) return String(text ?? "");
  return `${found[1]} ${found[2]}${(found[3] ?? ".").padEnd(4, "0").slice(0, 4)}`;
}

/** Milliseconds as a length of time. */
export function length(milliseconds) {
  const size = Math.abs(milliseconds);
  if (!Number.isFinite(size)) return "";
  if (size < 1000) return `${Math.round(milliseconds)} ms`;
  if (size < 120_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (size < 7_200_000) return `${Math.round(milliseconds / 60_000)} min`;
  if (size < 172_800_000) return `${(milliseconds / 3_600_000).toFixed(1)} h`;
  return `${(milliseconds / 86_400_000).toFixed(1)} days`;
}

/** From `from` to `to`, both as the API writes them. */
export const between = (from, to) => length(Date.parse(to) - Date.parse(from));

/** `1234` as `1,234`. */
export const count = (number) => new Intl.NumberFormat("en").format(number);

/** `2 entries`, `1 entry`. */
export const counted = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** `wrong_secret` as `wrong secret`. */
export const words = (name) => String(name ?? "").replaceAll("_", " ");

/** A value of JSON in one line. */
export const json = (value) => (typeof value === "string" ? value : JSON.stringify(value));
