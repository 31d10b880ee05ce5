import { Session } from 'node:inspector';

/** Long enough for a thread that can hear it. */
const HEARD_WITHIN_MS = 1_000;

/**
 * Ends the function that a thread of this process is in, with all that called it, if it is JavaScript: an endless loop, a wait. The
 * thread goes on with its event loop, whatever state the function has left behind. Nothing happens to one that is in a call of the
 * operating system or of an addon, nor when there is none with the name (`Runtime.terminateExecution` of V8's inspector, which
 * needs no port for it. `Worker.terminate` would not let the thread close its sockets, and Node ends the process for that).
 */
export function interruptThread(name: string): void {
  const session = new Session();
  session.connect();
  const late = setTimeout(() => session.disconnect(), HEARD_WITHIN_MS);
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
    if (!workerInfo.title.endsWith(`] ${name}`)) return;
    const message = JSON.stringify({ id: 1, method: 'Runtime.terminateExecution' });
    session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
  });
  session.on('NodeWorker.receivedMessageFromWorker', () => {
    clearTimeout(late);
    session.disconnect();
  });
  session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
}
