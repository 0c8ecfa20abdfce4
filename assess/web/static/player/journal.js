// Keeps the answers of one attempt on this device until the server has them.
//
// Only numbers are kept: which question, which of the options shown, whether a flag waits to be sent;
// never a word of a question.
// Each change is an entry with the next number of its question. Numbers are given inside one
// transaction of the device's database, so two tabs never give the same one. What the device does
// not take is kept in memory, and `kept` says so: nobody is told "saved on this device" of that.
// A browser may take its database away under an open page; then another is opened, and whatever
// was written down here and has not arrived goes on from memory, as with one that stays silent.

const NAME = "assess-answers";
const VERSION = 1;
const LIMIT = 4000; // milliseconds in which the device's database must answer

const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const finished = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

/** What is given, unless the device says nothing at all: some databases neither open nor fail. */
const within = (given) =>
  new Promise((resolve, reject) => {
    given.then(resolve, reject);
    const late = AbortSignal.timeout(LIMIT);
    late.addEventListener("abort", () => reject(late.reason));
  });

const open = async () => {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    const made = request.result;
    made.createObjectStore("writers", { keyPath: ["attempt", "writer"] });
    const entries = made.createObjectStore("entries", { keyPath: "id", autoIncrement: true });
    entries.createIndex("attempt", "attempt");
  };
  const opened = result(request);
  try {
    return await within(opened);
  } catch (error) {
    opened.then((late) => late.close()).catch(() => {});
    throw error;
  }
};

/** The journal of an attempt on this device, or in memory where the device keeps nothing. */
export const openJournal = async (attempt) => {
  try {
    return new Journal(attempt, await open());
  } catch {
    return new Journal(attempt, null);
  }
};

class Journal {
  #attempt;
  #device; // the open database; null where the device keeps nothing
  #writer = 0;
  #token = "";
  #numbers = new Map(); // by place: the last number given
  #written = []; // entries of this page on the device that are not known to have arrived
  #loose = []; // entries that are in memory only

  constructor(attempt, device) {
    this.#attempt = attempt;
    this.#device = device;
  }

  /** Whether all that waits would survive this tab. */
  get kept() {
    return this.#device !== null && this.#loose.length === 0;
  }

  /** How much is in memory only. */
  get loose() {
    return this.#loose.length;
  }

  /**
   * Writes with this number from now on; `numbers` has the last one the server knows, by place.
   * Gives the flags of this writer that wait here, by place.
   */
  async begin(writer, token, numbers) {
    this.#writer = writer;
    this.#token = token;
    this.#numbers = new Map(numbers);
    for (const one of this.#loose) if (one.writer === writer) this.#reach(one.place, one.sequence);
    let flags = [];
    try {
      await this.#on("readwrite", async (transaction, writers) => {
        const before = await result(writers.get([this.#attempt, writer]));
        for (const [place, last] of before?.numbers ?? []) this.#reach(place, last);
        flags = before?.flags ?? [];
        writers.put({ attempt: this.#attempt, writer, token, numbers: [...this.#numbers], flags });
        await finished(transaction);
      });
    } catch {
      // A full disk still gives back what it holds; `add` finds out what it takes.
    }
    return new Map(flags);
  }

  /** Writes down that a flag waits to be sent, or that this one does no more. */
  async flag(place, flagged, waits) {
    const key = [this.#attempt, this.#writer];
    await this.#on("readwrite", async (transaction, writers) => {
      const record = await result(writers.get(key));
      const flags = new Map(record?.flags);
      if (waits) flags.set(place, flagged);
      else if (flags.get(place) === flagged) flags.delete(place);
      if (record) writers.put({ ...record, flags: [...flags] });
      await finished(transaction);
    }).catch(() => {}); // a disk that takes no more: it is sent from memory
  }

  /** Writes down that the options at these positions were chosen; done when it is on the disk. */
  async add(place, answer) {
    const entry = { attempt: this.#attempt, writer: this.#writer, place, answer };
    try {
      const written = await this.#on("readwrite", (...there) => this.#write(entry, ...there));
      if (written !== undefined) return written;
    } catch {
      // A full disk, or a browser that keeps nothing: memory has to do.
    }
    const loose = { ...entry, sequence: this.#next(place) };
    this.#reach(place, loose.sequence);
    this.#loose.push(loose);
    return loose;
  }

  /** What the server is not known to have, oldest first; of this writer, of one before, of all (null). */
  async waiting(writer = this.#writer) {
    const all = [...(await this.#entries()), ...this.#loose];
    return all.filter((entry) => writer === null || entry.writer === writer);
  }

  /** The writers of this attempt on this device that still have entries, but for the present one. */
  async before() {
    const entries = await this.#entries();
    const range = IDBKeyRange.bound([this.#attempt], [this.#attempt, []]);
    const found = await this.#on("readonly", (_, writers) => result(writers.getAll(range)));
    return (found ?? [])
      .filter((one) => one.writer !== this.#writer)
      .map(({ writer, token }) => ({
        writer,
        token,
        entries: entries.filter((entry) => entry.writer === writer),
      }))
      .filter((one) => one.entries.length > 0);
  }

  /** These entries have arrived. */
  async done(entries) {
    const gone = new Set(entries);
    const ids = entries.map((entry) => entry.id).filter((id) => id !== undefined);
    this.#loose = this.#loose.filter((entry) => !gone.has(entry));
    this.#written = this.#written.filter((entry) => !ids.includes(entry.id));
    if (ids.length === 0) return;
    await this.#on("readwrite", async (transaction, _, store) => {
      for (const id of ids) store.delete(id);
      await finished(transaction);
    });
  }

  /** Nothing of this writer stays here; with `everything`, nothing of the attempt. */
  async clear(everything = true) {
    this.#loose = [];
    this.#written = [];
    const from = everything ? [this.#attempt] : [this.#attempt, this.#writer];
    const to = everything ? [this.#attempt, []] : from;
    await this.#on("readwrite", async (transaction, writers, store) => {
      writers.delete(IDBKeyRange.bound(from, to));
      for (const entry of await result(store.index("attempt").getAll(this.#attempt))) {
        if (everything || entry.writer === this.#writer) store.delete(entry.id);
      }
      await finished(transaction);
    });
  }

  async #write(entry, transaction, writers, store) {
    const { attempt, writer, place } = entry;
    const bare = { attempt, writer, token: this.#token };
    const record = (await result(writers.get([attempt, writer]))) ?? bare;
    for (const [at, last] of record.numbers ?? []) this.#reach(at, last);
    const written = { ...entry, sequence: this.#next(place) };
    const numbers = new Map(this.#numbers).set(place, written.sequence);
    writers.put({ ...record, numbers: [...numbers] });
    written.id = await result(store.add(written));
    await finished(transaction);
    this.#reach(place, written.sequence); // not before: a number that is lost leaves a gap
    this.#written.push(written);
    return written;
  }

  async #entries() {
    const index = (_, __, store) => result(store.index("attempt").getAll(this.#attempt));
    return (await this.#on("readonly", index)) ?? [];
  }

  /** What `work` gives with a transaction and its stores; undefined where the device keeps nothing. */
  async #on(mode, work) {
    for (let tries = 0; this.#device !== null; tries += 1) {
      try {
        const transaction = this.#device.transaction(["writers", "entries"], mode, {
          durability: "strict",
        });
        const [writers, entries] = ["writers", "entries"].map((n) => transaction.objectStore(n));
        return await within(work(transaction, writers, entries));
      } catch (error) {
        if (error?.name === "QuotaExceededError") throw error;
        await this.#again(tries === 0 && error?.name !== "TimeoutError");
      }
    }
    return undefined;
  }

  /** The database has gone: opens another, and goes on from memory with what may have gone with it. */
  async #again(hope) {
    this.#loose.push(...this.#written.map(({ id: _, ...entry }) => entry));
    this.#written = [];
    this.#device = hope ? await open().catch(() => null) : null;
  }

  #reach(place, last) {
    this.#numbers.set(place, Math.max(last, this.#numbers.get(place) ?? 0));
  }

  #next(place) {
    return (this.#numbers.get(place) ?? 0) + 1;
  }
}
