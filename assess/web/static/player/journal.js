// Keeps the answers of one attempt on this device until the server has them.
//
// Only numbers are kept: which question, which of the options shown; never a word of a question.
// Each change is an entry with the next number of its question. Numbers are given inside one
// transaction of the device's database, so two tabs never give the same one. What the device does
// not take is kept in memory, and `kept` says so: nobody is told "saved on this device" of that.

const NAME = "assess-answers";
const VERSION = 1;

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

const open = () => {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    const made = request.result;
    made.createObjectStore("writers", { keyPath: ["attempt", "writer"] });
    const entries = made.createObjectStore("entries", { keyPath: "id", autoIncrement: true });
    entries.createIndex("attempt", "attempt");
  };
  return result(request);
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
  #device;
  #writer = 0;
  #numbers = new Map(); // by place: the last number given
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

  /** Writes with this number from now on; `numbers` has the last one the server knows, by place. */
  async begin(writer, token, numbers) {
    this.#writer = writer;
    this.#numbers = new Map(numbers);
    if (this.#device === null) return;
    try {
      const [transaction, writers] = this.#all("readwrite");
      const before = await result(writers.get([this.#attempt, writer]));
      for (const [place, last] of before?.numbers ?? []) this.#reach(place, last);
      writers.put({ attempt: this.#attempt, writer, token, numbers: [...this.#numbers] });
      await finished(transaction);
    } catch {
      this.#device = null;
    }
  }

  /** Writes down that the options at these positions were chosen; done when it is on the disk. */
  async add(place, answer) {
    const entry = { attempt: this.#attempt, writer: this.#writer, place, answer };
    if (this.#device !== null) {
      try {
        return await this.#write(entry);
      } catch {
        // A full disk, or a browser that keeps nothing: memory has to do.
      }
    }
    const loose = { ...entry, sequence: this.#next(place) };
    this.#reach(place, loose.sequence);
    this.#loose.push(loose);
    return loose;
  }

  /** What the server is not known to have, oldest first; of this writer, or of one before. */
  async waiting(writer = this.#writer) {
    const found = (await this.#entries()).filter((entry) => entry.writer === writer);
    return [...found, ...this.#loose.filter((entry) => entry.writer === writer)];
  }

  /** The writers of this attempt on this device that still have entries, but for the present one. */
  async before() {
    if (this.#device === null) return [];
    const entries = await this.#entries();
    const [, writers] = this.#all("readonly");
    const range = IDBKeyRange.bound([this.#attempt], [this.#attempt, []]);
    const found = await result(writers.getAll(range));
    return found
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
    this.#loose = this.#loose.filter((entry) => !gone.has(entry));
    const ids = entries.map((entry) => entry.id).filter((id) => id !== undefined);
    if (this.#device === null || ids.length === 0) return;
    const [transaction, , store] = this.#all("readwrite");
    for (const id of ids) store.delete(id);
    await finished(transaction);
  }

  /** The attempt is over: nothing of it stays on this device. */
  async clear() {
    this.#loose = [];
    if (this.#device === null) return;
    const [transaction, writers, store] = this.#all("readwrite");
    writers.delete(IDBKeyRange.bound([this.#attempt], [this.#attempt, []]));
    for (const id of await result(store.index("attempt").getAllKeys(this.#attempt))) {
      store.delete(id);
    }
    await finished(transaction);
  }

  async #write(entry) {
    const [transaction, writers, store] = this.#all("readwrite");
    const key = [this.#attempt, this.#writer];
    const record = (await result(writers.get(key))) ?? { attempt: key[0], writer: key[1] };
    for (const [place, last] of record.numbers ?? []) this.#reach(place, last);
    const written = { ...entry, sequence: this.#next(entry.place) };
    const numbers = new Map(this.#numbers).set(entry.place, written.sequence);
    writers.put({ ...record, numbers: [...numbers] });
    written.id = await result(store.add(written));
    await finished(transaction);
    this.#reach(entry.place, written.sequence); // not before: a number that is lost leaves a gap
    return written;
  }

  async #entries() {
    if (this.#device === null) return [];
    const [, , store] = this.#all("readonly");
    return result(store.index("attempt").getAll(this.#attempt));
  }

  #all(mode) {
    const transaction = this.#device.transaction(["writers", "entries"], mode, {
      durability: "strict",
    });
    return [transaction, transaction.objectStore("writers"), transaction.objectStore("entries")];
  }

  #reach(place, last) {
    this.#numbers.set(place, Math.max(last, this.#numbers.get(place) ?? 0));
  }

  #next(place) {
    return (this.#numbers.get(place) ?? 0) + 1;
  }
}
