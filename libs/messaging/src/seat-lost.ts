import { Rejection } from '@sanwang/kernel';

/** What publishing in a seat answers once it is another's, or given up. */
export const seatLost = (context: string): Rejection =>
  new Rejection('unavailable', 'seat-lost', `The seat of the relay of ${context} is another's now.`, { facts: { context } });
