import { orderBookSuite } from '../testing/book-suite/order-book-suite.js';
import { NaiveBook } from './naive-book.js';

orderBookSuite('NaiveBook', (options) => new NaiveBook(options));
