// What VS Code does with an existing Jupyter server: its settings of @jupyterlab/services, and its calls in their order.
// TOKEN=… node vscode.cjs URL v1|json token|bearer → one JSON object on the last line of stdout, a fact per step.
// v1, json: the wire. token: as from a URL that a person pastes, which goes into headers and websocket addresses; bearer: as from an extension.
'use strict';
const { ServerConnection, KernelManager, KernelSpecManager, SessionManager, KernelAPI } = require('@jupyterlab/services');
const nodeFetch = require('node-fetch');
const WebSocket = require('ws');

const [url, wire, auth] = process.argv.slice(2);
const token = process.env.TOKEN;
const bearer = { Authorization: `Bearer ${token}` };
const sockets = [];

// Authorization is set by the request, and by nobody after it.
class AuthorizingRequest extends nodeFetch.Request {
  constructor(input, init) {
    super(input, init);
    this.headers.set('Authorization', bearer.Authorization);
    this.headers.set('Content-Type', 'application/json');
  }
}

class KernelSocket extends WebSocket {
  constructor(address, protocols) {
    super(address, wire === 'v1' ? protocols : undefined, auth === 'bearer' ? { headers: bearer } : {});
    sockets.push(this);
    const pulse = setInterval(() => this.ping(() => {}), 500);
    this.on('pong', () => { seen.pong = true; });
    this.on('close', () => clearInterval(pulse));
  }
}

const serverSettings = ServerConnection.makeSettings({
  baseUrl: `${url}/`, appUrl: '', wsUrl: `${url}/`.replace('http', 'ws'),
  ...(auth === 'token' ? { token, appendToken: true } : { token: '' }),
  init: { cache: 'no-store', credentials: 'same-origin' },
  fetch: nodeFetch, Headers: nodeFetch.Headers, WebSocket: KernelSocket,
  Request: auth === 'bearer' ? AuthorizingRequest : nodeFetch.Request,
});
const seen = {};

function until(what, look, seconds = 30) {
  const due = Date.now() + seconds * 1000;
  return new Promise((good, bad) => (function again() {
    if (look()) good();
    else if (Date.now() > due) bad(new Error(`not seen: ${what}`));
    else setTimeout(again, 20);
  })());
}

async function run(kernel, code, during) {
  const said = { text: '', mimes: [], error: null, states: [] };
  const asked = kernel.requestExecute(
    { code, silent: false, stop_on_error: false, allow_stdin: true, store_history: true }, false, { cellId: 'c1' });
  asked.onIOPub = (message) => {
    const { msg_type: kind } = message.header;
    if (kind === 'stream') said.text += message.content.text;
    if (message.content.data) said.mimes.push(...Object.keys(message.content.data));
    if (kind === 'error') said.error = message.content.ename;
    if (kind === 'status') said.states.push(message.content.execution_state);
    if (during) during(kind, message.content);
  };
  const reply = await asked.done;
  return { ...said, status: reply.content.status };
}

async function validated() {
  const kernelManager = new KernelManager({ serverSettings });
  const kernelSpecManager = new KernelSpecManager({ serverSettings });
  const sessionManager = new SessionManager({ serverSettings, kernelManager });
  const running = await KernelAPI.listRunning(serverSettings);
  await sessionManager.ready;
  await kernelSpecManager.refreshSpecs();
  seen.runningBefore = running.length;
  seen.specs = Object.keys(kernelSpecManager.specs.kernelspecs);
  seen.defaultSpec = kernelSpecManager.specs.default;
  return { kernelManager, kernelSpecManager, sessionManager };
}

async function worked(kernel) {
  seen.info = (await kernel.requestKernelInfo()).content.language_info.name;
  seen.first = await run(kernel, "x = load_dataset('Iris')\nprint('columns', len(x.columns))\nx");
  seen.failed = await run(kernel, 'import os');
  seen.plot = (await run(kernel, 'import matplotlib.pyplot as plt\nplt.bar(["a", "b"], [1, 2])\nplt.show()')).mimes;
  const code = 'load_data';
  seen.completed = (await kernel.requestComplete({ code, cursor_pos: code.length })).content.matches;
  seen.inspected = (await kernel.requestInspect({ code: 'load_dataset', cursor_pos: 4, detail_level: 0 })).content.found;
  const stop = (kind) => { if (kind === 'stream') void kernel.interrupt(); };
  seen.interrupted = await run(kernel, "kept = 41\nprint('on')\nwhile True:\n    pass", stop);
  seen.kept = (await run(kernel, 'print(kept + 1)')).text;
}

async function reconnected(kernel) {
  const going = run(kernel, "import time\nfor i in range(40):\n    print(i)\n    time.sleep(0.05)");
  await new Promise((good) => setTimeout(good, 500));
  sockets.at(-1).terminate();
  seen.broken = [];
  kernel.connectionStatusChanged.connect((_, state) => seen.broken.push(state));
  seen.whole = (await going).text;
  await kernel.requestKernelInfo(); // what the reconnection itself asked is answered before
}

async function main() {
  const { kernelManager, kernelSpecManager, sessionManager } = await validated();
  const session = await sessionManager.startNew(
    { path: 'work-jvsc-1.ipynb', type: 'notebook', name: 'work-1.ipynb', kernel: { name: seen.defaultSpec } },
    { kernelConnectionOptions: { handleComms: true } });
  const { kernel } = session;
  await until('an idle kernel', () => kernel.status === 'idle');
  seen.protocol = sockets.at(-1).protocol;
  seen.tokenInAddress = sockets.at(-1).url.includes('token=');
  await worked(kernel);
  await reconnected(kernel);
  await kernel.restart();
  await until('an idle kernel after the restart', () => kernel.status === 'idle' && kernel.connectionStatus === 'connected');
  seen.forgotten = (await run(kernel, 'kept')).error;
  // Another window takes up the kernel that runs.
  await sessionManager.refreshRunning();
  const model = [...sessionManager.running()].find((each) => each.id === session.id);
  const other = sessionManager.connectTo({ model });
  await until('the second connection', () => other.kernel.connectionStatus === 'connected');
  seen.second = (await run(other.kernel, "print('second')")).text;
  await session.shutdown();
  seen.runningAfter = (await KernelAPI.listRunning(serverSettings)).length;
  for (const each of [sessionManager, kernelSpecManager, kernelManager]) each.dispose();
}

main().then(
  () => { console.log(JSON.stringify(seen)); process.exit(0); },
  (problem) => { console.error(problem, JSON.stringify(seen)); process.exit(1); });
