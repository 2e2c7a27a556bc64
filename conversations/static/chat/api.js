// Requests to the desk. None of them throws: an answer is {ok, status, data, wait}, with status 0 where none came.

const { chat } = globalThis;
const PATIENCE = 30_000; // ms for an answer
const STALLED = 45_000; // ms after which an upload that makes no progress is given up, and sent again
chat.path = `/widget/${encodeURIComponent(chat.boot.key)}/api/`;

const headers = () => ({
  'Accept-Language': chat.boot.locale,
  ...(chat.session.token && { Authorization: `Bearer ${chat.session.token}` }),
});

function read(status, text, wait) {
  let data = {};
  try {
    data = JSON.parse(text || '{}') ?? {};
  } catch {
    if (status < 400) return { ok: false, status: 0, data: {}, wait: 0 }; // somebody in between answered
  }
  return { ok: status >= 200 && status < 300, status, data, wait: Number(wait) * 1000 || 0 };
}

chat.ask = async (method, path, body, { files = [], onprogress, keepalive } = {}) => {
  const { token } = chat.session;
  const answer = files.length ? await upload(path, body, files, onprogress) : await call(method, path, body, keepalive);
  reached(answer.status !== 0);
  if (answer.status === 401 && answer.data.code === 'session_ended' && token) {
    if (path !== 'identify') await chat.identified; // which may be what ended it
    if (token === chat.session.token) chat.host.forget(token);
  }
  return answer;
};

// Whether the desk can be reached, as far as the last two requests have shown.
let failures = 0;
function reached(isReached) {
  const was = failures < 2;
  failures = isReached ? 0 : failures + 1;
  if (was !== failures < 2) chat.emit('connection', failures < 2);
}
addEventListener('offline', () => {
  failures = 2;
  chat.emit('connection', false);
});
chat.isReachable = () => failures < 2;

async function call(method, path, body, keepalive = false) {
  try {
    const answer = await fetch(chat.path + path, {
      method,
      headers: { ...headers(), ...(body && { 'Content-Type': 'application/json' }) },
      body: body && JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
      keepalive,
      signal: AbortSignal.timeout(PATIENCE),
    });
    return read(answer.status, await answer.text(), answer.headers.get('Retry-After'));
  } catch {
    return { ok: false, status: 0, data: {}, wait: 0 };
  }
}

// As fetch does it, with the progress that fetch does not tell.
function upload(path, body, files, onprogress) {
  const form = new FormData();
  form.set('json', JSON.stringify(body));
  for (const file of files) form.append('files', file, file.name);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('POST', chat.path + path);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    let timer = 0;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      alive();
      onprogress?.(total ? loaded / total : 0);
    };
    request.onload = () => resolve(read(request.status, request.responseText, request.getResponseHeader('Retry-After')));
    request.onerror = request.onabort = () => resolve({ ok: false, status: 0, data: {}, wait: 0 });
    request.onloadend = () => clearTimeout(timer);
    alive();
    request.send(form);
  });
}

// What went wrong, for the visitor.
chat.fault = ({ data }) => {
  const key = `error_${data.code}`;
  return chat.say(chat.boot.words[key] ? key : 'error_refused');
};
