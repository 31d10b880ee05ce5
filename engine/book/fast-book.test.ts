import { orderBookSuite } from '../testing/book-suite/order-book-suite.js';
import { FastBook } from './fast-book.js';

orderBookSuite('FastBook', (options) => new FastBook(options));
