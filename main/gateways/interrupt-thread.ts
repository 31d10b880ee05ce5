import { Session } from 'node:inspector';

/**
 * Ends the function that a thread of this process is in, with all that called it, if it is JavaScript: an endless loop, a wait. The
 * thread goes on with its event loop, whatever state the function has left behind. In a call of the operating system or of an addon it
 * hears of this when that returns; `heard` is called then, or when the thread has ended. Nothing happens, and `heard` is not called,
 * when there is none with the name. (`Runtime.terminateExecution` of V8's inspector, which needs no port for it. `Worker.terminate`
 * would not let the thread close its sockets, and Node ends the process for that.)
 */
export function interruptThread(name: string, heard: () => void): void {
  const session = new Session();
  let own = '';
  const end = () => {
    session.disconnect();
    heard();
  };
  session.connect();
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
    if (!workerInfo.title.endsWith(`] ${name}`)) return;
    own = sessionId;
    const message = JSON.stringify({ id: 1, method: 'Runtime.terminateExecution' });
    session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
  });
  session.on('NodeWorker.receivedMessageFromWorker', end);
  session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => {
    if (sessionId === own) end();
  });
  session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
}
