import { answerAdl } from './adl-answer.js';
import { type Command, HELP, parseCommandLine, UsageError } from './command-line.js';
import { DocumentError } from './fields.js';
import { answerFunding } from './funding-answer.js';
import { answerMargin } from './margin-answer.js';
import { answerMark } from './mark-answer.js';
import { formatAnswer } from './text.js';

const ANSWERS: Record<Command, (document: unknown) => object> = {
  margin: answerMargin,
  funding: answerFunding,
  mark: answerMark,
  adl: answerAdl,
};

/** Where a command reads and writes: documents, results, and everything else. */
export interface Ports {
  read(file: string): Promise<string>;
  out(text: string): void;
  note(text: string): void;
}

/** Runs `npm run calc`; returns the exit code: 0, 1 for a wrong document or file, 2 for wrong arguments. */
export async function runCalcCommand(args: readonly string[], ports: Ports): Promise<number> {
  try {
    const line = parseCommandLine(args);
    if (line === null) {
      ports.out(HELP);
      return 0;
    }
    const { command, file, json } = line;
    const answer = answerDocument(command, parse(await ports.read(file), file));
    ports.out(json ? `${JSON.stringify(answer)}\n` : formatAnswer(answer));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      ports.note(`${error.message}\n"npm run calc -- --help" lists commands and documents`);
      return 2;
    }
    if (!(error instanceof DocumentError) && !isAboutFile(error)) throw error;
    ports.note(error.message);
    return 1;
  }
}

/** The answer to a document, or the answers to a list of them in its order. One that is wrong fails them all. */
export function answerDocument(command: Command, document: unknown): object {
  const answer = ANSWERS[command];
  if (!Array.isArray(document)) return answer(document);
  return document.map((each, index) => {
    try {
      return answer(each);
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      throw new DocumentError(`document ${index} of the list: ${error.message}`);
    }
  });
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const name = file === '-' ? 'standard input' : file;
    throw new DocumentError(`${name} is not JSON: ${(error as Error).message}`);
  }
}

/** A file that is not there or cannot be read; the message of the system says which. */
function isAboutFile(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
