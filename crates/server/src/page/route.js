// Addresses inside the page: `#journal/12`, or `#s/mine/journal/12` on another stage than `default`.

const ID = /^[1-9]\d{0,14}$/;

/** Which views there are, and whether an address may go on with an id. */
const VIEWS = new Map([
  ["journal", true],
  ["verdicts", false],
  ["tokens", true],
  ["faults", false],
  ["settings", false],
  ["connect", false],
  ["stages", false],
]);

/** What a fragment leads to: `{stage, view, id}`; the view `lost` where it leads nowhere. */
export function read(fragment) {
  let parts;
  try {
    parts = fragment.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  } catch {
    return { stage: "default", view: "lost" };
  }
  const stage = parts[0] === "s" ? parts.splice(0, 2)[1] : "default";
  const [view = "", id, ...more] = parts;
  if (!stage) return { stage: "default", view: "lost" };
  if (view === "" && id === undefined) return { stage, view: "journal" };
  const takesId = VIEWS.get(view);
  const isWhole = id === undefined || (takesId === true && ID.test(id));
  if (takesId === undefined || !isWhole || more.length > 0) return { stage, view: "lost" };
  return { stage, view, id: id === undefined ? undefined : Number(id) };
}

/** The fragment that leads to a view of a stage. */
export function link(stage, view, id) {
  const prefix = stage === "default" ? "#" : `#s/${encodeURIComponent(stage)}/`;
  return `${prefix}${view}${id === undefined ? "" : `/${id}`}`;
}
