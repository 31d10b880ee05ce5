// Generated from the SBE schema by `npm run codegen`. Do not edit.
import { NOTHING, decodeText, getBytes } from '../../../sbe/flyweight.js';

export class JourneyDecoder {
  static readonly BLOCK_LENGTH = 4;
  static readonly TEMPLATE_ID = 3;
  static readonly SCHEMA_ID = 77;
  static readonly VERSION = 1;

  sbeView = NOTHING;
  sbeOffset = 0;
  sbeLimit = 0;
  sbeActingVersion = 0;
  sbeActingBlockLength = 0;
  private readonly sbeFuelFigures: JourneyFuelFiguresDecoder = new JourneyFuelFiguresDecoder(this);
  private readonly sbePerformance: JourneyPerformanceDecoder = new JourneyPerformanceDecoder(this);

  /** Lays the decoder over a message behind its header; the latter two are the header's. */
  wrap(view: DataView, offset: number, actingBlockLength: number, actingVersion: number): this {
    this.sbeView = view;
    this.sbeOffset = offset;
    this.sbeActingBlockLength = actingBlockLength;
    this.sbeActingVersion = actingVersion;
    this.sbeLimit = offset + actingBlockLength;
    return this;
  }

  /** Lays the decoder over a message whose header is at `offset`. */
  wrapAndApplyHeader(view: DataView, offset: number): this {
    const blockLength = view.getUint16(offset, true);
    const version = view.getUint16(offset + 6, true);
    return this.wrap(view, offset + 8, blockLength, version);
  }

  kilometres(): number {
    return this.sbeView.getUint32(this.sbeOffset, true);
  }

  fuelFigures(): JourneyFuelFiguresDecoder {
    return this.sbeFuelFigures.sbeBegin(true);
  }

  performance(): JourneyPerformanceDecoder {
    return this.sbePerformance.sbeBegin(true);
  }
}

export class JourneyFuelFiguresDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: JourneyDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;

  constructor(root: JourneyDecoder) {
    this.root = root;
  }

  /** Reads the group's header where the message has been read to. */
  sbeBegin(isThere: boolean): this {
    const { root } = this;
    this.sbeView = root.sbeView;
    this.sbeActingVersion = root.sbeActingVersion;
    this.sbeIndex = 0;
    this.sbeCount = 0;
    if (!isThere) return this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeBlockLength = view.getUint16(at, true);
    this.sbeCount = view.getUint16(at + 2, true);
    root.sbeLimit = at + 4;
    return this;
  }

  /** How many entries the group has. */
  sbeLength(): number {
    return this.sbeCount;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += this.sbeBlockLength;
    return true;
  }

  speed(): number {
    return this.sbeView.getUint16(this.sbeOffset, true);
  }

  mpg(): number {
    return this.sbeView.getFloat32(this.sbeOffset + 2, true);
  }

  /** Its length in bytes; goes nowhere. */
  usageLength(): number {
    return this.sbeView.getUint8(this.root.sbeLimit);
  }

  /** Goes behind it; gives its length in bytes. */
  skipUsage(): number {
    const length = this.usageLength();
    this.root.sbeLimit += 1 + length;
    return length;
  }

  /** Copies its bytes and goes behind it; gives their number. */
  getUsage(target: Uint8Array, targetOffset: number): number {
    const at = this.root.sbeLimit + 1;
    return getBytes(this.sbeView, at, target, targetOffset, this.skipUsage());
  }

  usage(): string {
    const at = this.root.sbeLimit + 1;
    return decodeText(this.sbeView, at, this.skipUsage(), 'US-ASCII');
  }
}

export class JourneyPerformanceDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: JourneyDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;
  private readonly sbeAcceleration: JourneyPerformanceAccelerationDecoder;

  constructor(root: JourneyDecoder) {
    this.root = root;
    this.sbeAcceleration = new JourneyPerformanceAccelerationDecoder(root);
  }

  /** Reads the group's header where the message has been read to. */
  sbeBegin(isThere: boolean): this {
    const { root } = this;
    this.sbeView = root.sbeView;
    this.sbeActingVersion = root.sbeActingVersion;
    this.sbeIndex = 0;
    this.sbeCount = 0;
    if (!isThere) return this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeBlockLength = view.getUint8(at);
    this.sbeCount = view.getUint8(at + 1);
    root.sbeLimit = at + 2;
    return this;
  }

  /** How many entries the group has. */
  sbeLength(): number {
    return this.sbeCount;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += this.sbeBlockLength;
    return true;
  }

  octane(): number {
    return this.sbeView.getUint8(this.sbeOffset);
  }

  acceleration(): JourneyPerformanceAccelerationDecoder {
    return this.sbeAcceleration.sbeBegin(true);
  }

  /** Its length in bytes; goes nowhere. */
  notesLength(): number {
    return this.sbeView.getUint32(this.root.sbeLimit, true);
  }

  /** Goes behind it; gives its length in bytes. */
  skipNotes(): number {
    const length = this.notesLength();
    this.root.sbeLimit += 4 + length;
    return length;
  }

  /** Copies its bytes and goes behind it; gives their number. */
  getNotes(target: Uint8Array, targetOffset: number): number {
    const at = this.root.sbeLimit + 4;
    return getBytes(this.sbeView, at, target, targetOffset, this.skipNotes());
  }

  notes(): string {
    const at = this.root.sbeLimit + 4;
    return decodeText(this.sbeView, at, this.skipNotes(), 'UTF-8');
  }
}

export class JourneyPerformanceAccelerationDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: JourneyDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;
  private readonly sbeRuns: JourneyPerformanceAccelerationRunsDecoder;

  constructor(root: JourneyDecoder) {
    this.root = root;
    this.sbeRuns = new JourneyPerformanceAccelerationRunsDecoder(root);
  }

  /** Reads the group's header where the message has been read to. */
  sbeBegin(isThere: boolean): this {
    const { root } = this;
    this.sbeView = root.sbeView;
    this.sbeActingVersion = root.sbeActingVersion;
    this.sbeIndex = 0;
    this.sbeCount = 0;
    if (!isThere) return this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeBlockLength = view.getUint8(at);
    this.sbeCount = view.getUint8(at + 1);
    root.sbeLimit = at + 2;
    return this;
  }

  /** How many entries the group has. */
  sbeLength(): number {
    return this.sbeCount;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += this.sbeBlockLength;
    return true;
  }

  mph(): number {
    return this.sbeView.getUint16(this.sbeOffset, true);
  }

  seconds(): number {
    return this.sbeView.getFloat32(this.sbeOffset + 2, true);
  }

  runs(): JourneyPerformanceAccelerationRunsDecoder {
    return this.sbeRuns.sbeBegin(true);
  }
}

export class JourneyPerformanceAccelerationRunsDecoder {
  sbeView = NOTHING;
  sbeOffset = 0;
  private sbeIndex = 0;
  private sbeCount = 0;
  private readonly root: JourneyDecoder;
  sbeActingVersion = 0;
  private sbeBlockLength = 0;

  constructor(root: JourneyDecoder) {
    this.root = root;
  }

  /** Reads the group's header where the message has been read to. */
  sbeBegin(isThere: boolean): this {
    const { root } = this;
    this.sbeView = root.sbeView;
    this.sbeActingVersion = root.sbeActingVersion;
    this.sbeIndex = 0;
    this.sbeCount = 0;
    if (!isThere) return this;
    const view = root.sbeView;
    const at = root.sbeLimit;
    this.sbeBlockLength = view.getUint8(at);
    this.sbeCount = view.getUint8(at + 1);
    root.sbeLimit = at + 2;
    return this;
  }

  /** How many entries the group has. */
  sbeLength(): number {
    return this.sbeCount;
  }

  /** Goes to the next entry. False: there is none. */
  next(): boolean {
    if (this.sbeIndex >= this.sbeCount) return false;
    this.sbeIndex++;
    this.sbeOffset = this.root.sbeLimit;
    this.root.sbeLimit += this.sbeBlockLength;
    return true;
  }

  driver(): number {
    return this.sbeView.getInt32(this.sbeOffset, true);
  }
}

/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */
export function fitsJourney(
  view: DataView,
  offset: number,
  end: number,
  blockLength: number,
  version: number,
): boolean {
  if (blockLength < 4) return false;
  let at = offset + blockLength;
  if (at > end || end > view.byteLength) return false;
  at = skipJourneyFuelFigures(view, at, end, version);
  if (at < 0) return false;
  at = skipJourneyPerformance(view, at, end, version);
  if (at < 0) return false;
  return true;
}

function skipJourneyFuelFigures(view: DataView, at: number, end: number, version: number): number {
  if (end - at < 4) return -1;
  const blockLength = view.getUint16(at, true);
  const count = view.getUint16(at + 2, true);
  if (count > 0 && blockLength < 6) return -1;
  at += 4;
  for (let i = 0; i < count; i++) {
    const before = at;
    at += blockLength;
    if (at > end) return -1;
    at = skipJourneyFuelFiguresUsage(view, at, end, version);
    if (at < 0) return -1;
    if (at === before) break;
  }
  return at > end ? -1 : at;
}

function skipJourneyFuelFiguresUsage(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 1) return -1;
  at += 1 + view.getUint8(at);
  return at > end ? -1 : at;
}

function skipJourneyPerformance(view: DataView, at: number, end: number, version: number): number {
  if (end - at < 2) return -1;
  const blockLength = view.getUint8(at);
  const count = view.getUint8(at + 1);
  if (count > 0 && blockLength < 1) return -1;
  at += 2;
  for (let i = 0; i < count; i++) {
    const before = at;
    at += blockLength;
    if (at > end) return -1;
    at = skipJourneyPerformanceAcceleration(view, at, end, version);
    if (at < 0) return -1;
    at = skipJourneyPerformanceNotes(view, at, end, version);
    if (at < 0) return -1;
    if (at === before) break;
  }
  return at > end ? -1 : at;
}

function skipJourneyPerformanceAcceleration(view: DataView, at: number, end: number, version: number): number {
  if (end - at < 2) return -1;
  const blockLength = view.getUint8(at);
  const count = view.getUint8(at + 1);
  if (count > 0 && blockLength < 6) return -1;
  at += 2;
  for (let i = 0; i < count; i++) {
    const before = at;
    at += blockLength;
    if (at > end) return -1;
    at = skipJourneyPerformanceAccelerationRuns(view, at, end, version);
    if (at < 0) return -1;
    if (at === before) break;
  }
  return at > end ? -1 : at;
}

function skipJourneyPerformanceAccelerationRuns(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 2) return -1;
  const blockLength = view.getUint8(at);
  const count = view.getUint8(at + 1);
  if (count > 0 && blockLength < 4) return -1;
  at += 2;
  at += blockLength * count;
  return at > end ? -1 : at;
}

function skipJourneyPerformanceNotes(view: DataView, at: number, end: number, _version: number): number {
  if (end - at < 4) return -1;
  at += 4 + view.getUint32(at, true);
  return at > end ? -1 : at;
}
