// The stream of ids. One serves all tabs of a browser that are in one workspace with one login: it lives in a shared
// worker, or, in browsers without shared workers, in the tab that holds the lock (see live.js).

const KEPT = 500; // events that a tab which opens later may have missed
const RESYNC = { type: 'resync', subject: '', id: 0 };
const PAUSES = [1000, 30_000]; // ms between attempts: the first and the longest

export class Stream {
  // `send` takes {state: 'live' | 'reconnecting' | 'ended', why}, {id, detail}, {typing}, {signal}, {notification} and {role}.
  constructor(url, after, send) {
    Object.assign(this, { url, send, start: after, last: after, kept: [], ids: new Set() });
    this.state = 'reconnecting';
    this.pause = PAUSES[0];
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = new EventSource(`${this.url}&after=${this.last}`);
    this.source.onopen = () => {
      this.pause = PAUSES[0];
      this.show('live');
    };
    this.source.onmessage = (message) => this.receive(Number(message.lastEventId), JSON.parse(message.data));
    // Who is typing: without an id, and nothing for a tab that opens later.
    this.source.addEventListener('typing', (message) => this.send({ typing: JSON.parse(message.data) }));
    this.source.addEventListener('presence', (message) => this.send({ signal: JSON.parse(message.data) }));
    this.source.addEventListener('notification', () => this.send({ notification: true }));
    this.source.addEventListener('role', (message) => {
      const id = Number(message.lastEventId);
      if (this.ids.has(id)) return;
      this.ids.add(id);
      this.last = Math.max(this.last, id);
      this.send({ role: id });
    });
    this.source.onerror = () => {
      this.show('reconnecting');
      if (this.source.readyState === EventSource.CLOSED) this.later();
    };
  }

  // The browser has given up. The answer's status says whether to try again, which an EventSource does not expose.
  later() {
    const wait = this.pause * (0.75 + Math.random() / 2);
    this.pause = Math.min(this.pause * 2, PAUSES[1]);
    this.timer = setTimeout(async () => {
      const source = this.source;
      const answer = await fetch(this.url, { method: 'HEAD', redirect: 'manual', headers: { Accept: 'text/event-stream' } }).catch(() => null);
      if (source !== this.source) return;
      if (answer && (answer.type === 'opaqueredirect' || (answer.status >= 400 && answer.status < 500 && answer.status !== 429))) return this.show('ended', answer.headers.get('Desk-Problem') ?? 'signed-out');
      if (answer?.ok) this.connect();
      else this.later();
    }, wait);
  }

  receive(id, detail) {
    this.last = Math.max(this.last, id);
    if (detail.type === 'resync') {
      this.start = this.last; // earlier events are unknown
      return this.send({ id: 0, detail });
    }
    if (this.ids.has(id)) return; // the server repeats some, for ids commit out of order
    this.ids.add(id);
    this.kept.push({ id, detail, at: Date.now() });
    if (this.kept.length > KEPT) {
      const gone = this.kept.shift();
      this.ids.delete(gone.id);
      this.start = Math.max(this.start, gone.id);
    }
    this.send({ id, detail });
  }

  // What a tab needs that was rendered at the event `after` and the moment `since`, or that has received no event since.
  // Ids commit out of order: a lower one that came later is sent too.
  greet({ after, since }, send) {
    send({ state: this.state, why: this.why });
    if (after < this.start) return send({ id: 0, detail: RESYNC });
    for (const { id, detail, at } of this.kept) if (id > after || at >= since) send({ id, detail });
  }

  show(state, why) {
    if (this.state === state) return;
    Object.assign(this, { state, why });
    this.send({ state, why });
  }

  // After sleep, or when the network is back: do not wait for the pause to end.
  hurry() {
    this.send({ state: this.state, why: this.why });
    if (this.state !== 'ended' && this.source.readyState !== EventSource.OPEN) this.connect();
  }

  close() {
    clearTimeout(this.timer);
    this.source.close();
  }
}

// As a shared worker: every tab says hello with what it has seen, and goodbye.
if ('SharedWorkerGlobalScope' in globalThis) {
  const tabs = new Set();
  let stream = null;
  globalThis.onconnect = ({ ports: [tab] }) => {
    tab.onmessage = ({ data }) => {
      const { type, url, after } = data;
      if (type === 'goodbye') {
        tabs.delete(tab);
        if (!tabs.size) stream = stream?.close();
      } else if (type === 'hurry') stream?.hurry();
      else {
        if (stream?.state === 'ended') stream = stream.close(); // the page that says hello has signed in since
        stream ??= new Stream(url, after, (message) => tabs.forEach((one) => one.postMessage(message)));
        stream.greet(data, (message) => tab.postMessage(message));
        tabs.add(tab);
      }
    };
  };
}
