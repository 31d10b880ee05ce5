import fs from 'node:fs';
import type { Bus } from './bus.js';
import { BusError } from './errors.js';
import { type BusLocation, openBus } from './provide-bus.js';

/**
 * Publishes or reads until it is killed. Started by tests as a process of its own:
 *
 *   publish LOCATION    numbers each subject from 1, prints `SUBJECT NUMBER` when stored
 *   read LOCATION FILE  writes `SEQUENCE SUBJECT NUMBER REDELIVERIES` to the file, then acknowledges
 */
const [role, location, file] = process.argv.slice(2);
const SUBJECTS = ['fills.0', 'fills.1', 'fills.2'];
const UNDER_WAY = 150;
const PADDING = 'x'.repeat(200);

const bus = await openBus(JSON.parse(location!) as BusLocation);
process.stdout.write('ready\n');
if (role === 'publish') await Promise.all(SUBJECTS.map((subject) => publishFor(bus, subject)));
else await read(bus, file!);

async function publishFor(bus: Bus, subject: string): Promise<void> {
  for (;;) {
    try {
      const last = await bus.last(subject);
      const number = last === null ? 0 : Number(Buffer.from(last.data).toString().split(' ')[0]);
      await publishFrom(bus, subject, number + 1);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      process.stderr.write(`${subject}: ${error.name}: ${error.message}\n`);
    }
  }
}

/** As an outbox does: many under way, and all over again from what is stored after any rejection. */
async function publishFrom(bus: Bus, subject: string, from: number): Promise<void> {
  const underWay: Promise<void>[] = [];
  for (let number = from; ; number++) {
    const data = Buffer.from(`${number} ${PADDING}`);
    const stored = bus.publish(subject, data, `${subject}-${number}`);
    underWay.push(stored.then(() => void process.stdout.write(`${subject} ${number}\n`)));
    if (underWay.length < UNDER_WAY) continue;
    const results = await Promise.allSettled(underWay.splice(0));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

async function read(bus: Bus, file: string): Promise<void> {
  const fd = fs.openSync(file, 'a');
  for await (const message of await bus.consume('fills', 'ledger')) {
    const { sequence, subject, redeliveries } = message;
    const number = Buffer.from(message.data).toString().split(' ')[0];
    fs.writeSync(fd, `${sequence} ${subject} ${number} ${redeliveries}\n`);
    message.ack();
  }
}
