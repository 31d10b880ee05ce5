import { describe } from 'vitest';
import type { CreateBook } from '../book-tester.js';
import { amendCases, amendPostOnlyCases, grantCases, reserveCases } from './amend-cases.js';
import { describeCases } from './book-case.js';
import { cancelCases, massCancelCases, replaceCases } from './cancel-cases.js';
import { describeFields } from './field-cases.js';
import { farPriceCases, matchingCases, postOnlyCases, timeInForceCases } from './place-cases.js';
import {
  reduceOnlyAmendCases,
  reduceOnlyEntryCases,
  reduceOnlyMakerCases,
  trimmingCases,
} from './reduce-only-cases.js';
import { fillOrKillCases, selfTradeCases } from './self-trade-cases.js';
import { describeState } from './state-cases.js';

/** Every clause of the specification in `book/order-book.ts`, for whichever book. */
export function orderBookSuite(name: string, createBook: CreateBook): void {
  describe(name, () => {
    describeCases('matching', createBook, matchingCases);
    describeCases('time in force', createBook, timeInForceCases);
    describeCases('fill or kill', createBook, fillOrKillCases);
    describeCases('post-only', createBook, postOnlyCases);
    describeCases('far prices and large sizes', createBook, farPriceCases);
    describeCases('reduce-only entry', createBook, reduceOnlyEntryCases);
    describeCases('reduce-only makers', createBook, reduceOnlyMakerCases);
    describeCases('reduce-only trimming', createBook, trimmingCases);
    describeCases('reduce-only amends', createBook, reduceOnlyAmendCases);
    describeCases('self-trade prevention', createBook, selfTradeCases);
    describeCases('amend', createBook, amendCases);
    describeCases('amend of post-only orders', createBook, amendPostOnlyCases);
    describeCases('amends that ask for reserve', createBook, reserveCases);
    describeCases('granted amends', createBook, grantCases);
    describeCases('cancel', createBook, cancelCases);
    describeCases('replace', createBook, replaceCases);
    describeCases('mass cancel', createBook, massCancelCases);
    describeFields(createBook);
    describeState(createBook);
  });
}
