// The lines of the journal that the page keeps: short, so that a busy journal does not fill the tab.

/** Most lines that are kept, and how many are read at first. */
export const MAX_LINES = 2000;
export const FIRST_LINES = 500;

/** What a line shows of an entry. */
function line(entry) {
  return {
    id: entry.id,
    vendor: entry.vendor,
    endpoint: entry.endpoint,
    method: entry.method,
    target: entry.target,
    arrived: entry.arrived,
    completed: entry.completed,
    closed: entry.closed,
    outcome: entry.outcome,
    status: entry.reply?.status,
    principal: entry.principal,
    fault: entry.fault,
    denial: entry.denial,
    frames: (entry.frames?.length ?? 0) + (entry.frames_dropped ?? 0),
  };
}

/** Whether its websocket is still open. */
export const isOpen = (entry) => entry.outcome === "opened" && entry.closed === undefined;

export class Lines {
  #lines = new Map();
  /** The newest whose line was given up. */
  #gone = 0;
  #max = MAX_LINES;

  constructor() {
    this.clear();
  }

  clear() {
    this.#lines.clear();
    this.#gone = 0;
    this.#max = MAX_LINES;
    this.facts = { newest: 0, held: 0, dropped: 0 };
    /** Entries that fell out of the journal before this page read them. */
    this.missed = 0;
  }

  /** Takes an entry in its latest form; returns whether that changed anything. */
  take(entry) {
    const before = this.#lines.get(entry.id);
    const isNew = before === undefined;
    const now = line(entry);
    if (!isNew && JSON.stringify(before) === JSON.stringify(now)) return false;
    // The end of an exchange whose line is gone already.
    if (isNew && entry.id <= this.#gone) return true;
    this.#lines.set(entry.id, now);
    this.facts.newest = Math.max(this.facts.newest, entry.id);
    if (isNew && this.#lines.size > this.#max) {
      this.#gone = Math.min(...this.#lines.keys());
      this.#lines.delete(this.#gone);
    }
    return true;
  }

  /** Takes what the journal holds now; what is gone from it goes here, too. Returns whether that changed anything. */
  holds(facts) {
    const before = this.facts;
    this.facts = facts;
    const oldest = facts.newest - facts.held + 1;
    for (const id of this.#lines.keys()) if (id < oldest) this.#lines.delete(id);
    return before.newest !== facts.newest || before.held !== facts.held;
  }

  /** In order of arrival. */
  all() {
    return [...this.#lines.values()].sort((a, b) => a.id - b.id);
  }

  /** Those whose websocket is open. */
  open() {
    return this.all().filter(isOpen);
  }

  /** The id of the last line. */
  newest() {
    return this.all().at(-1)?.id ?? 0;
  }

  /** How many lines are newer than `id`. */
  after(id) {
    return this.all().filter((line) => line.id > id).length;
  }

  /** Makes room for older lines, so many of them. */
  makeRoom(count) {
    this.#max += count;
    this.#gone = 0;
  }

  get size() {
    return this.#lines.size;
  }
}
